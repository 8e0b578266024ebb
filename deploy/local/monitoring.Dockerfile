# Stands in for prom/prometheus, prom/alertmanager and prometheuscommunity/postgres-exporter: Debian's programs under the names of
# those images. (There is no Debian package of Grafana.)
ARG BASE
FROM ${BASE}
RUN apt-get update -qq && \
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends \
      prometheus prometheus-alertmanager prometheus-postgres-exporter >/dev/null && \
    ln -s prometheus-alertmanager /usr/bin/alertmanager && \
    ln -s prometheus-postgres-exporter /usr/bin/postgres_exporter && \
    rm -rf /etc/prometheus /usr/share/doc /usr/share/man /usr/share/javascript /var/lib/apt/lists/* /var/cache/apt/* && \
    install --directory --owner=65534 --group=65534 /prometheus /alertmanager
USER 65534:65534
