# echoquality for CPUs:
#     docker build -t echoquality .
#     docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/work" echoquality dataset --results-dir scores.csv
# On Linux pip takes the build of torch for CUDA; --build-arg PIP_EXTRA_INDEX_URL=… points it at the smaller ones.
# `make newest` tries the steps that begin with RUN, as a shell script.
FROM python:3.11-slim
ARG PIP_EXTRA_INDEX_URL
COPY . /src
RUN pip install --no-cache-dir --quiet --constraint /src/constraints-newest.txt "/src[all]"
RUN echoquality --help
ENV HOME=/tmp
WORKDIR /work
ENTRYPOINT ["echoquality"]
