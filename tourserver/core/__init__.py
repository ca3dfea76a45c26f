"""The ground floor: settings, clock, database, storage, rights, jobs. Knows no noun of the field."""
