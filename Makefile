# `make demo` and `make test` are all that is needed; the rest is what they are made of.
# PORT and DATA (the data folder) can be set:  PORT=8080 DATA=/tmp/tours make demo

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .stamps

.PHONY: demo test test-fast bench soak lint build setup setup-dev lock messages clean

demo: build ## Everything on this machine, with demo content
	@$(BIN)/tourserver demo

test: setup-dev build lint ## The whole suite
	@tests/setup.sh
	$(BIN)/pytest -n 2 --dist loadgroup
	npm test --silent

test-fast: setup-dev build ## Without browsers
	$(BIN)/pytest -n 2 --ignore tests/e2e

bench: setup-dev build ## Figures of this machine, as JSON: the live room against its peers, a crowd, pictures
	@$(BIN)/tourserver bench live --participants 2000 --rate 10 --seconds 20 --peer floor --peer node --peer stock --json
	@$(BIN)/tourserver bench live --participants 10000 --rate 4 --seconds 10 --json
	@$(BIN)/tourserver bench commands --json
	@$(BIN)/tourserver bench neighbours --json
	@$(BIN)/tourserver tiles bench panoramas/sjostaden-quay.jpg --json

CLIENTS ?= 200
SECONDS ?= 300
soak: setup-dev build ## Cut lines, frozen pages and killed processes for five minutes; prints what differs at the end as JSON
	@$(BIN)/python -m tests.soak --clients $(CLIENTS) --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

lint: setup-dev build ## Style, types, floors, templates, translations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check tourserver tests
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	npx --no-install biome check static
	npx --no-install tsc --noEmit
	$(BIN)/python -m tests.translations

build: setup $(STAMPS)/front ## The front end and the message catalogues

setup: $(STAMPS)/python $(STAMPS)/node

setup-dev: setup $(STAMPS)/python-dev

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.9

$(STAMPS)/python: requirements.txt requirements-build.txt | $(BIN)/uv
	@echo "Installing Python packages …"
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.txt -r requirements-build.txt
	@TOURSERVER_SKIP_FRONT_END=1 $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/python-dev: requirements-dev.txt $(STAMPS)/python
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@touch $@

$(STAMPS)/node: package-lock.json package.json
	@echo "Installing front-end packages …"
	@command -v npm >/dev/null || { echo "npm is missing: install node 20 and npm, then run this again."; exit 1; }
	@npm ci --silent --no-audit --no-fund
	@mkdir -p $(STAMPS) && touch $@

FRONT := $(shell find static/src static/css static/build static/img -type f 2>/dev/null) static/build.mjs
MESSAGES := $(shell find translations -name '*.po' 2>/dev/null)

$(STAMPS)/front: $(FRONT) $(MESSAGES) $(STAMPS)/node $(STAMPS)/python
	@npm run --silent build
	@$(BIN)/pybabel --quiet compile --directory translations
	@touch $@

messages: setup-dev ## Read new strings into translations/*.po
	$(BIN)/pybabel extract --mapping-file babel.cfg --keywords "N_ _l lazy_gettext" --add-location=file --no-wrap \
	  --project Tourserver --version 1 --copyright-holder "Tourserver" --output-file translations/messages.pot .
	$(BIN)/pybabel update --input-file translations/messages.pot --output-dir translations --no-wrap --no-fuzzy-matching --ignore-pot-creation-date

lock: | $(BIN)/uv ## Renew the hashed requirements; they name no host
	$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade -q -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade -q -o requirements-dev.txt
	$(BIN)/uv pip compile --group pyproject.toml:build --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade -q -o requirements-build.txt
	npm install --package-lock-only --silent
	@! grep -n '://' requirements*.txt || { echo "A lock file names a host."; exit 1; }
	@! grep -n '"resolved"' package-lock.json || { echo "package-lock.json names a host."; exit 1; }

clean: ## Remove everything that was made
	rm -rf $(STAMPS) $(VENV) node_modules static/dist dist build
	find translations -name '*.mo' -delete
