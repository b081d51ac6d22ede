# Every target sets up what it needs in .venv first; see deploy/setup.py.
.PHONY: run test integration lint bench loadtest stoptest sheets install gpu-env gpu-test clean

run:
	@sh deploy/bootstrap.sh run

test:
	@sh deploy/bootstrap.sh test

# The part of the tests that runs on a real PostgreSQL and a real S3 server; make test has it at its end.
integration:
	@sh deploy/bootstrap.sh integration

lint:
	@sh deploy/bootstrap.sh lint

# 20 s of speech at four sizes on one and on two cores: minutes. make bench SIZES=512x512 CORES=2 is one of the cases.
bench:
	@sh deploy/bootstrap.sh bench $(if $(SIZES),--sizes $(SIZES)) $(if $(CORES),--cores $(CORES))

# Videos a minute with one, two, three workers on this machine, and what one video costs every part: minutes.
loadtest:
	@sh deploy/bootstrap.sh loadtest $(if $(WORKERS),--workers $(WORKERS)) $(if $(JOBS),--jobs $(JOBS))

# How soon a worker lets go of a video in each stage, when it is cancelled, told to end, or killed: many minutes.
stoptest:
	@sh deploy/bootstrap.sh stoptest $(if $(SECONDS),--seconds $(SECONDS)) $(if $(STAGES),--stages $(STAGES)) $(if $(WAYS),--ways $(WAYS))

sheets:
	@sh deploy/bootstrap.sh sheets

install:
	@sh deploy/bootstrap.sh install

# The GPU worker's own environment in .venv-gpu; TORCH_INDEX=ADDRESS names an index with torch for a graphics card.
gpu-env:
	@TORCH_INDEX="$(TORCH_INDEX)" sh deploy/bootstrap.sh gpu-env

# The same with the tests' tools, and the tests of what runs only there.
gpu-test:
	@TORCH_INDEX="$(TORCH_INDEX)" sh deploy/bootstrap.sh gpu-test

# Takes away what can be made again; var/ (database, media, secrets) stays.
clean:
	rm -rf .venv .venv-gpu .mypy_cache .pytest_cache .ruff_cache build var/static
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
