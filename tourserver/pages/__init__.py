"""Public pages that join several nouns: the landing page, a site's page, the legal pages, the health check."""
