# Stands in for postgres:17: Debian's server behind an entry point with the settings of the official image.
ARG BASE
FROM ${BASE}
ARG POSTGRES_MAJOR=17
RUN groupadd --system --gid 999 postgres && \
    useradd --system --uid 999 --gid postgres --home-dir /var/lib/postgresql --shell /bin/bash postgres && \
    mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf && \
    apt-get update -qq && \
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends "postgresql-${POSTGRES_MAJOR}" >/dev/null && \
    rm -rf /usr/lib/*-linux-gnu/libLLVM* /usr/lib/llvm* "/usr/lib/postgresql/${POSTGRES_MAJOR}/lib/bitcode" \
      "/usr/lib/postgresql/${POSTGRES_MAJOR}/lib"/llvmjit* /usr/share/doc /usr/share/man /usr/share/locale \
      /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log
COPY --chmod=755 postgres-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
RUN mkdir -p /docker-entrypoint-initdb.d /var/lib/postgresql/data && \
    chown postgres:postgres /var/lib/postgresql /var/lib/postgresql/data && chmod 0700 /var/lib/postgresql/data && \
    chmod 3777 /var/run/postgresql && \
    sed -ri "s!^#?(listen_addresses)\s*=\s*\S+.*!\1 = '*'!" "/usr/share/postgresql/${POSTGRES_MAJOR}/postgresql.conf.sample"
ENV PATH=/usr/lib/postgresql/${POSTGRES_MAJOR}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PGDATA=/var/lib/postgresql/data LANG=C.UTF-8
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
EXPOSE 5432
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
