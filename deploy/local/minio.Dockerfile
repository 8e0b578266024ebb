# Stands in for quay.io/minio/minio: the server, and mc for its health check.
FROM scratch
COPY minio mc /usr/bin/
ENV PATH=/usr/bin
ENTRYPOINT ["/usr/bin/minio"]
