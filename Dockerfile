# CPU image with the command line, training and the web page. Not built by CI, and not built when it was written:
# please report what fails.
#
#   docker build -t cmvl_mm .
#   docker run --rm -v "$PWD/videos:/data" cmvl_mm config list
FROM python:3.11-slim

# OpenCV's libraries
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /src
COPY requirements.txt .
RUN pip install --no-cache-dir --index-url https://download.pytorch.org/whl/cpu torch==2.13.0
COPY . .
RUN pip install --no-cache-dir --constraint requirements.txt '.[train,search,web]' \
    && rm -rf /src

RUN useradd --create-home cmvl
USER cmvl
WORKDIR /data
ENTRYPOINT ["cmvl"]
CMD ["--help"]
