# Every command a person types; CI types the same ones.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# What the environments were made for: this folder and, where somebody names one, this Python. A copied or moved clone
# is set up again.
define IS_READY
test "$$(sed -n 1p $(READY) 2>/dev/null)" = "$$(pwd -P)" && test -x $(BIN)/python $(if $(filter-out file,$(origin PYTHON)), \
	&& test "$$(sed -n 2p $(READY))" = "$$($(PYTHON) --version 2>&1)") && echo yes
endef
ifeq ($(shell $(IS_READY)),)
$(READY): again
endif
TERRAFORM_TOOLS := .venv-terraform/bin
ifneq ($(findstring :,$(CURDIR)),)
$(error The path of this folder holds a colon, which separates folders in PATH: move the clone to another folder)
endif
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DO_NOT_TRACK := 1
# A company's proxy signs with a certificate that only the system knows.
export UV_SYSTEM_CERTS := true
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
# Settings of dbt in the shell that are of no account here; `python flows/dbt_command.py` leaves them out by itself.
FOREIGN_DBT = $(filter-out DBT_SEND_ANONYMOUS_USAGE_STATS DBT_TARGET_PATH DBT_LOG_PATH,$(filter DBT_%,$(.VARIABLES)))

define HELP
Every day (make alone is make run): run traffic worker status doctor dashboard dashboard-html dbt docs up down clean setup help
Tests: test test-unit test-slow test-history test-machine test-replay test-foreign test-crash test-dashboard test-snowflake lint lint-sql format
Before a deployment: terraform env-file image-test secrets workflows audit smoke-snowflake
Changes of models and prices: slim mutate golden cost-page
Measurements: bench bench-page bench-history bench-history-page graph-late-commits soak
Dependencies: lock
endef
export HELP

.DEFAULT_GOAL := run
.PHONY: again help run test test-unit test-slow test-history test-crash test-foreign test-snowflake smoke-snowflake golden bench bench-page \
	bench-history bench-history-page lint format up down status traffic clean dbt \
	doctor setup lock graph-late-commits soak terraform env-file image-test cost-page secrets workflows audit lint-sql docs mutate \
	dashboard dashboard-html test-dashboard test-machine test-replay slim worker

help:  ## this list
	@awk -F ':.*##' '/^[a-z][a-z-]*:.*##/ { text[$$1] = $$2 } END { \
		count = split(ENVIRON["HELP"], lines, "\n"); \
		for (at = 1; at <= count; at++) { split(lines[at], parts, ": *"); print (at > 1 ? "\n" : "") parts[1]; \
			number = split(parts[2], names, " "); \
			for (n = 1; n <= number; n++) printf "  make %-20s%s\n", names[n], text[names[n]] } }' Makefile

# The company's environments have sources of their own.
run: $(if $(filter dev prod,$(MAILBLAZE_ENV)),setup,up)  ## the whole chain once: sources -> lake -> RAW -> dbt -> MART
	python flows/elt.py

test: lint  ## everything CI checks, on real parts and loopback only
	MAILBLAZE_ENV=ci python flows/dbt_command.py parse --quiet --no-partial-parse
	pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder -m "not slow and not history"

test-unit: setup  ## the tests that start no server, in seconds, with the coverage of the two layers they test
	pytest -m "unit and not slow and not history" --cov=exactly_once --cov=pipelines --cov-report=term:skip-covered

test-slow: setup  ## the tests that `make test` leaves out to stay under ten minutes: damaged folders, paused runs, sessions, types
	pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder -m slow

test-history: setup  ## random histories: tables merged in part equal tables merged whole, dbt's increments equal a full refresh
	pytest -n auto --maxprocesses 2 --dist load -m history

test-foreign: setup  ## other people's schemas under load, change and kill (tests/foreign/README.md): make test-foreign [KILLS=40] [SEED=1] [ONLY=ddl]
	@python -m tests.foreign $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))

test-crash: setup  ## the kill test (tools/kill_test/README.md): make test-crash KILLS=500 [SEED=1]
	@python -m tools.kill_test --kills $(or $(KILLS),100) $(if $(SEED),--seed $(SEED))

test-machine: setup  ## somebody else's machine: an odd folder, a normal user, foreign variables (tests/machine/README.md)
	pytest tests/machine

test-replay: setup  ## RAW again from the lake alone, and MART over it, whatever was killed
	pytest -n auto --maxprocesses 2 --dist load tests/replay

test-snowflake: setup .venv-snowflake/.ready  ## the same chain on an offline Snowflake, in an environment of its own
	pytest tests/snowflake

terraform: setup .venv-terraform/.ready  ## the infrastructure: lint, each module's tests, both environments applied and destroyed offline [PROVIDERS=real]
	PROVIDERS=$(PROVIDERS) pytest tests/terraform

workflows: setup .venv-image/.ready .venv-terraform/.ready .venv-workflows/.ready  ## what GitHub reads: its schemas, zizmor's rules, the audit's own test
	pytest tests/workflows
	$(TERRAFORM_TOOLS)/zizmor --quiet --offline .github

secrets: setup .venv-terraform/.ready  ## no file of git and no commit of its history holds a key, a token or a password; planted ones are found
	.ci/secrets . --quiet
	.ci/secrets . --history --quiet
	pytest tests/secrets

audit: setup .venv-workflows/.ready  ## known vulnerabilities of what every lock names, asked of osv.dev (needs the network)
	@python tests/workflows/audit.py

image-test: setup .venv-image/.ready  ## the image by buildah (no Docker engine): built, and the whole chain run out of it
	.venv-image/bin/check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml
	pytest tests/image

dashboard: .venv-dashboard/.ready  ## MART in a browser, on whatever MAILBLAZE_ENV names; it prints its address [PORT=2718]
	@PYTHONPATH=. .venv-dashboard/bin/python -m dashboard.serve $(if $(PORT),--port="$(PORT)")

dashboard-html: .venv-dashboard/.ready  ## the same pages as one file without a server or a script [FILE=.data/dashboard.html]
	@umask 077; file='$(subst ','\'',$(value FILE))'; PYTHONPATH=. .venv-dashboard/bin/python -m dashboard.export "$${file:-$${MAILBLAZE_DATA_DIR:-.data}/dashboard.html}"

test-dashboard: .venv-dashboard-tests/.ready  ## its figures against SQL, its pages in a real Chromium [SCREENSHOTS=docs/images]
	PYTHONPATH=. SCREENSHOTS=$(SCREENSHOTS) .venv-dashboard-tests/bin/pytest --confcutdir tests/dashboard tests/dashboard

env-file: setup  ## an environment's Terraform outputs as the settings that dlt, dbt and Prefect read: make env-file ENVIRONMENT=dev
	@python terraform/env_file.py $(or $(ENVIRONMENT),dev)

smoke-snowflake: up  ## the same on a real account (docs/snowflake.md), in schemas of its own that are dropped
	python tools/snowflake_smoke/smoke.py

graph-late-commits: setup .venv-plots/.ready  ## rows that stock dlt and this platform lose while others write, as numbers and a graph
	python tools/late_commits/measure.py .data/late_commits.json
	.venv-plots/bin/python tools/late_commits/draw.py .data/late_commits.json docs/images/late_commits.png

soak: setup  ## the Postgres pipeline beside writers, cut connections and restarts (make soak SECONDS=600)
	python tools/late_commits/soak.py --seconds $(or $(SECONDS),60)

golden: setup .venv-snowflake/.ready  ## write what dlt and dbt send to Snowflake again; read the diff
	GOLDEN=write pytest tests/snowflake/test_sql.py

bench: setup .venv-bench/.ready  ## speeds side by side (docs/speed.md): make bench [ROWS=3000000] [ROUNDS=3] [ONLY=floor,ours] [TEN=no]
	@python -m tools.bench $(if $(ROWS),--rows $(ROWS)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(ONLY),--only $(ONLY)) \
		$(if $(filter no,$(TEN)),--no-ten)

bench-page: setup .venv-plots/.ready  ## the last bench's table and picture into docs/speed.md
	python -m tools.bench.report --write docs/speed.md
	.venv-plots/bin/python -P tools/bench/draw.py .data/bench/latest.json docs/images/speed.png

bench-history: setup  ## what one increment costs over more history (docs/speed.md): make bench-history [HISTORY=10] [ROUNDS=3] [EVENTS=1000000] [ONLY=+fct_messages]
	@python -m tools.bench_history $(if $(HISTORY),--history $(HISTORY)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(EVENTS),--events $(EVENTS)) \
		$(if $(ONLY),--select "$(ONLY)")

bench-history-page: setup .venv-plots/.ready  ## the last bench of history into docs/speed.md, with its picture
	python -m tools.bench_history.report --write docs/speed.md
	.venv-plots/bin/python -P tools/bench_history/draw.py .data/bench/history.json docs/images/history.png

cost-page: setup  ## what a month costs, from prices, measurements and assumptions, into docs/cost.md
	python -m tools.cost --write docs/cost.md

lint: setup  ## ruff: rules and format; mypy: types, strict on exactly_once/
	ruff check .
	ruff format --check .
	mypy

mutate: setup  ## whether dbt's tests notice a changed join, filter or window of MART, after `make run` (make mutate [SAMPLE=100] [ONLY=rpt_mrr])
	python tools/dbt_mutation.py "$${MAILBLAZE_DATA_DIR:-.data}/dp_mailblaze_demo_local_db.duckdb" $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(ONLY),--only $(ONLY))

slim: setup  ## what this change does to MART, built from the RAW of the last `make run` (make slim [BASE=origin/main])
	@python -m tools.mart_diff $(or $(BASE),origin/main)

docs: setup  ## dbt's own page of every model, column and test, as one file
	python flows/dbt_command.py docs generate --static --quiet
	@echo "dbt/target/static_index.html"

lint-sql: setup .venv-sql/.ready  ## the style of dbt's SQL, as dbt compiles it for DuckDB
	env $(addprefix -u ,$(FOREIGN_DBT)) MAILBLAZE_ENV=ci MAILBLAZE_DATA_DIR="$$(mktemp -d)" PATH="$$PWD/.venv-sql/bin:$$PATH" sqlfluff lint --processes 2 --nocolor -q dbt/models dbt/tests

format: setup  ## let ruff correct what it can
	ruff check --fix .
	ruff format .

up: setup  ## start what is not running, seed it once (make up SCALE=10 for ten times the rows)
	python -m mock_services up

down:  ## stop everything that `up` started
	@if test -x $(BIN)/python; then python -m mock_services down; else echo "Nothing was ever started here."; fi

status: setup  ## the last run and the last good one, each table's rows and age, what failed and what to type, the services
	@python flows/status.py

traffic: up  ## one more business day in both sources
	python -m mock_services traffic

worker: up  ## run by schedule until Ctrl-C: deploy what prefect.yaml says to Prefect, and take the runs that are due
	@sh flows/worker.sh

dbt: setup  ## dbt alone, over what RAW holds
	python flows/dbt_command.py build

doctor: setup  ## before the first load: what is set, reachable and permitted in the environment of MAILBLAZE_ENV
	@python pipelines/doctor.py

clean: down  ## forget every row, the lake and the environment
	@if test -x $(BIN)/python; then python -m mock_services clean; fi
	@if test -z "$$MAILBLAZE_DATA_DIR"; then rm -rf .data; elif test -x $(BIN)/python; then python -m pipelines.forget; fi
	rm -rf .venv $(SIDES:%=.venv-%) dbt/target dbt/logs logs

setup: $(READY)  ## Python's packages into .venv, once

# uv where there is one; else it is installed into the environment itself, which takes seconds, where pip alone takes a minute.
$(READY): requirements.lock pyproject.toml
	@command -v "$(firstword $(PYTHON))" >/dev/null || { echo "✗ $(PYTHON) is not on this machine: install Python 3.11.2 to 3.13 and type make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11, 2) <= sys.version_info < (3, 14))' \
		|| { echo "✗ $$($(PYTHON) --version 2>&1 | tail -1) is not Python 3.11.2 to 3.13: install one and type make PYTHON=python3.12"; exit 1; }
	$(call make_environment,.venv,$(PYTHON),$<)
	@uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python -e .
	@$(BIN)/python -m compileall -q exactly_once pipelines flows mock_services
	@printf '%s\n' "$$(pwd -P)" "$$($(BIN)/python --version)" >$@

# $(call make_environment,folder,Python,lock,reason): an environment with what a lock names. Its scripts find their folder by themselves, whatever
# its name, and after a move. uv says what it loads; the list of what it has installed is left out.
define make_environment
@echo "$(1): $$(grep -c '^[^ #].*==' $(3)) packages from $(3)$(4); the first time takes minutes where the network is slow"
@{ test "$$($(1)/bin/python --version 2>/dev/null)" = "$$($(2) --version)" && grep -q relocatable $(1)/pyvenv.cfg; } || rm -rf $(1)
@$(2) -m venv $(1)
@echo "relocatable = true" >>$(1)/pyvenv.cfg
@command -v uv >/dev/null || { echo "installing uv (20 MB)"; $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	--require-hashes --no-deps -r <(sed -n '/^uv==/,/^[^ ]/{/^uv==/p;/^ *--hash/p}' requirements.lock); }
@set -o pipefail; uv pip sync --require-hashes --compile-bytecode --python $(1)/bin/python $(3) 2>&1 \
	| { grep --line-buffered -v '^ [-+~] ' || true; }
endef

# The side environments: .venv-<name>, made from <folder>/requirements.lock when a target first needs it. A lock that
# follows other locks takes their versions. The reason is why its packages are not in .venv.
define side_environment
SIDES += $(1)
FOLDER_$(1) := $(2)
FOLLOWS_$(1) := $(3)
.venv-$(1)/.ready: $(2)/requirements.lock $(READY)
	$$(call make_environment,.venv-$(1),$(BIN)/python,$$<, ($(strip $(4))))
	@touch $$@
endef
#                              name             folder              locks that its lock follows                       reason
$(eval $(call side_environment,image,           tests/image,        ,                                                 schemas of compose files and of what GitHub reads))
$(eval $(call side_environment,snowflake,       tests/snowflake,    ,                                                 fakesnow pins a DuckDB and a sqlglot that dlt cannot use))
$(eval $(call side_environment,plots,           tools/late_commits, ,                                                 only the pictures need matplotlib))
$(eval $(call side_environment,bench,           tools/bench,         ,                                                 the peers bring versions of their own))
$(eval $(call side_environment,terraform,       tests/terraform,    ,                                                 checkov pins half of its dependencies))
$(eval $(call side_environment,workflows,       tests/workflows,    ,                                                 pip-audit brings a pip of its own))
$(eval $(call side_environment,dashboard,       dashboard,          requirements.lock,                                marimo and what it draws with; the dashboard needs no more))
$(eval $(call side_environment,dashboard-tests, tests/dashboard,    dashboard/requirements.lock requirements.lock,    the dashboard's and what drives a browser))
$(eval $(call side_environment,sql,             tests/dbt,          ,                                                 sqlfluff pins a click of its own))

# Every lock: for each Python and system, with hashes, and without the address that it was resolved from.
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-header --quiet
define newline


endef

lock:  ## resolve every lock again from pyproject.toml and each requirements.in
	$(LOCK) pyproject.toml --extra dev --upgrade -o requirements.lock
	$(LOCK) pyproject.toml --constraint requirements.lock -o requirements.image.lock
	$(foreach side,$(SIDES),$(LOCK) $(FOLDER_$(side))/requirements.in $(or $(addprefix --constraint ,$(FOLLOWS_$(side))),--upgrade) \
		-o $(FOLDER_$(side))/requirements.lock$(newline)	)
