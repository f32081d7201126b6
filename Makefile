PYTHON ?= python3

.PHONY: run flask test check bench catalogues lock

run:  ## Set everything up and serve on http://127.0.0.1:8000 (HOST, PORT); with SAMPLE=no an empty site
	@$(PYTHON) tools/run.py

flask:  ## A flask command with the settings of `make run`, such as: make flask ARGS="users create --help"
	@$(PYTHON) tools/run.py flask $(ARGS)

test:  ## Set up what the tests need and run them; ARGS are passed to pytest
	@$(PYTHON) tools/test.py $(ARGS)

check:  ## Style, types and catalogues
	@$(PYTHON) tools/check.py

bench:  ## The cost of pages; with ARGS=strangers of hostile requests, with ARGS=failures the effect of restarts, with ARGS=pdf PDFs, with ARGS=followers what is followed by email, with ARGS=search searches
	@$(PYTHON) tools/environment.py -m bench.$(or $(ARGS),report)

catalogues:  ## Update the catalogues from the source texts
	@$(PYTHON) tools/environment.py -m tools.catalogues update

lock:  ## Pin all packages in constraints.txt, for Python 3.11 to 3.14; needs uv (pip install uv)
	@uv pip compile --quiet --universal --python-version 3.11 --no-annotate --custom-compile-command "make lock" \
		requirements.txt requirements-dev.txt requirements-postgresql.txt --output-file constraints.txt
