# Stands in for quay.io/minio/mc.
FROM scratch
COPY mc /usr/bin/mc
ENTRYPOINT ["/usr/bin/mc"]
