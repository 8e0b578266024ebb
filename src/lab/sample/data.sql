-- The rows: set-based, from a hash of the row's number, so that the same scale gives the same data everywhere.
-- sample.rows is about how many rows there are in all.

SET LOCAL synchronous_commit = off;
SET LOCAL timezone = 'UTC';

-- A number from 0 to 2^63 - 1 that depends on the row, the purpose and nothing else.
CREATE FUNCTION pg_temp.draw(row_number bigint, purpose bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN hashint8extended(row_number, 20260101 + purpose) & 9223372036854775807;

CREATE FUNCTION pg_temp.pick(options text[], row_number bigint, purpose bigint) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN options[1 + (hashint8extended(row_number, 20260101 + purpose) & 9223372036854775807) % cardinality(options)];

CREATE TEMP TABLE scale ON COMMIT DROP AS
SELECT greatest(10, n / 1000) AS organizations,
       greatest(40, n / 250) AS sites,
       greatest(200, n * 6 / 100) AS users,
       greatest(60, n / 50) AS devices,
       greatest(50, n / 200) AS products,
       greatest(100, n * 5 / 100) AS orders,
       greatest(20, n / 200) AS bookings,
       greatest(50, n / 100) AS notes,
       greatest(100, n * 12 / 100) AS audit_log,
       greatest(500, n * 61 / 100) AS readings
FROM (SELECT current_setting('sample.rows')::bigint AS n) AS wanted;

INSERT INTO organizations
  (id, name, slug, plan, status, address, preferences, logo, created_at, updated_at) OVERRIDING SYSTEM VALUE
SELECT 999 + i,
       pg_temp.pick('{Nordwind,Crème Fraîche,Żabka Fresh,東京フレッシュ,Овощи,"O''Brien & Sons",مزرعة,"Frisch \"&\" Gut",🍏 Orchard}', i, 1)
         || ' ' || i,
       'org-' || i,
       (enum_range(NULL::plan_tier))[1 + pg_temp.draw(i, 2) % 3],
       CASE WHEN pg_temp.draw(i, 3) % 20 = 0 THEN 'suspended' WHEN pg_temp.draw(i, 3) % 20 = 1 THEN 'closed' ELSE 'active' END,
       CASE WHEN i % 5 > 0 THEN ROW('Hauptstraße ' || i, pg_temp.pick('{Köln,Łódź,"São Paulo",Kraków}', i, 4), 'DE')::postal_address END,
       jsonb_build_object('locale', pg_temp.pick('{de,en,pl,ja}', i, 5), 'limits', jsonb_build_array(i, i * 2, NULL)),
       CASE WHEN i % 3 = 0 THEN decode(md5(i::text) || '00ff', 'hex') END,
       timestamptz '2025-01-01 00:00Z' + i * interval '1 hour',
       timestamptz '2026-01-01 00:00Z' + i * interval '1 minute'
FROM generate_series(1, (SELECT organizations FROM scale)) AS i;

INSERT INTO sites (id, organization_id, name, location, area_m2, timezone, allowed, opened_on, updated_at)
SELECT i,
       1000 + i % organizations,
       pg_temp.pick('{Lager,Kühlhaus,Dépôt,Склад,倉庫}', i, 11) || ' ' || i,
       CASE WHEN i % 7 > 0 THEN point(pg_temp.draw(i, 12) % 18000 / 100.0, pg_temp.draw(i, 13) % 9000 / 100.0) END,
       1 + pg_temp.draw(i, 14) % 100000000 / 1000.0,
       pg_temp.pick('{UTC,Europe/Berlin,Asia/Tokyo,America/Sao_Paulo}', i, 15),
       temperature_range(-(pg_temp.draw(i, 16) % 30)::numeric, (pg_temp.draw(i, 17) % 10)::numeric + 0.5, '[)'),
       CASE WHEN i % 11 > 0 THEN date '2010-01-01' + (pg_temp.draw(i, 18) % 5000)::int END,
       timestamptz '2026-01-01 00:00Z' + i * interval '1 second'
FROM scale, generate_series(1, scale.sites) AS i;

INSERT INTO users
  (id, organization_id, email, display_name, role, status, invited_by, tags, password_hash, preferences, last_seen,
   created_at, updated_at)
SELECT i,
       1000 + i % organizations,
       'user' || i || '@' || pg_temp.pick('{example.com,example.org,example.net}', i, 21),
       pg_temp.pick('{Zoë,José,Łukasz,山田,Ольга,Amélie,محمد,"D''Arcy"}', i, 22) || ' ' || pg_temp.pick('{Müller,Nowak,佐藤,Иванова,"de la Cruz"}', i, 23),
       (enum_range(NULL::member_role))[1 + pg_temp.draw(i, 24) % 4],
       CASE pg_temp.draw(i, 25) % 10 WHEN 0 THEN 'invited' WHEN 1 THEN 'disabled' ELSE 'active' END,
       CASE WHEN i > organizations THEN i - organizations END,
       CASE WHEN i % 4 = 0 THEN ARRAY['shift ' || i % 9, NULL, 'a,"b"'] ELSE '{}' END,
       decode(md5('password' || i), 'hex'),
       CASE WHEN i % 6 > 0 THEN jsonb_build_object('theme', 'dark', 'zoom', i % 5 / 4.0) END,
       CASE WHEN i % 8 > 0 THEN timestamptz '2026-04-01 00:00Z' + (pg_temp.draw(i, 26) % 2000000) * interval '1 microsecond' END,
       timestamptz '2025-02-01 00:00Z' + i * interval '1 minute',
       timestamptz '2026-02-01 00:00Z' + i * interval '1 second'
FROM scale, generate_series(1, scale.users) AS i;

INSERT INTO devices (id, organization_id, site_id, serial_number, model, firmware, network, retired_at)
SELECT i,
       1000 + site % organizations,
       site,
       md5('device' || i)::uuid,
       pg_temp.pick('{FT-100,FT-200,FT-200 Pro,"Ångström 9"}', i, 31),
       ARRAY[1 + pg_temp.draw(i, 32) % 4, pg_temp.draw(i, 33) % 20, 0]::int[],
       CASE WHEN i % 3 > 0 THEN inet '10.0.0.0' + i END,
       CASE WHEN i % 17 = 0 THEN timestamptz '2026-03-01 12:00Z' + i * interval '1 second' END
FROM scale, generate_series(1, scale.devices) AS i, LATERAL (SELECT 1 + i % sites AS site) AS place;

INSERT INTO readings (id, organization_id, device_id, recorded_at, celsius, humidity, raw, quality) OVERRIDING SYSTEM VALUE
SELECT i,
       1000 + (1 + device % sites) % organizations,
       device,
       timestamptz '2026-01-01 00:00Z' + (pg_temp.draw(i, 42) % 11000000) * interval '1 second',
       CASE WHEN draw % 50 > 0 THEN draw % 4000 / 100.0 - 20 END,
       (draw % 1000) / 10.0,
       CASE WHEN draw % 3 = 0 THEN decode(md5(i::text), 'hex') END,
       draw % 101
FROM scale, generate_series(1, scale.readings) AS i,
     LATERAL (SELECT pg_temp.draw(i, 41) AS draw, (1 + pg_temp.draw(i, 43) % devices)::int AS device) AS drawn;

INSERT INTO audit_log (id, organization_id, user_id, action, detail, happened_at)
SELECT i,
       1000 + i % organizations,
       CASE WHEN i % 9 > 0 THEN 1 + i % users END,
       pg_temp.pick('{login,logout,order.created,site.renamed,"türe.geöffnet"}', i, 51),
       jsonb_build_object('ip', '10.0.' || i % 256 || '.1', 'n', i, 'text', repeat('é', (pg_temp.draw(i, 52) % 40)::int)),
       timestamptz '2026-01-01 00:00Z' + i * interval '11 seconds'
FROM scale, generate_series(1, scale.audit_log) AS i;

INSERT INTO products (id, organization_id, sku, title, price, tax_rate) OVERRIDING SYSTEM VALUE
SELECT i,
       1000 + i % organizations,
       'SKU-' || lpad(i::text, 8, '0'),
       pg_temp.pick('{Äpfel,Erdbeeren,"Crème brûlée",Żurek,豆腐,Mleko}', i, 61) || ' ' || i,
       pg_temp.draw(i, 62) % 100000 / 100.0,
       (ARRAY[0.07, 0.19, 0])[1 + pg_temp.draw(i, 63) % 3]
FROM scale, generate_series(1, scale.products) AS i;

INSERT INTO orders (id, organization_id, site_id, user_id, invoice_number, status, replaces, ordered_at, delivered_at)
SELECT i,
       1000 + site % organizations,
       site,
       CASE WHEN i % 10 > 0 THEN 1 + i % users END,
       100000 + i * 7,
       pg_temp.pick('{new,packed,sent,done,returned}', i, 71),
       CASE WHEN i % 25 = 0 THEN i - 1 END,
       ordered,
       CASE WHEN i % 4 > 0 THEN ordered + (pg_temp.draw(i, 73) % 900000) * interval '1 second' END
FROM scale, generate_series(1, scale.orders) AS i,
     LATERAL (SELECT 1 + i % sites AS site, timestamptz '2026-01-01 08:00Z' + i * interval '53 seconds' AS ordered) AS drawn;

INSERT INTO order_items (order_id, position, product_id, quantity, unit_price)
SELECT i, place, 1 + (pg_temp.draw(i, 80 + place) % products)::int, 1 + pg_temp.draw(i, 90 + place) % 12, pg_temp.draw(i, 100 + place) % 50000 / 100.0
FROM scale, generate_series(1, scale.orders) AS i, generate_series(1, 1 + (i % 3)::int) AS place;

INSERT INTO bookings (id, organization_id, site_id, dock, during) OVERRIDING SYSTEM VALUE
SELECT i, 1000 + site % organizations, site, (i % 3)::int,
       tstzrange(timestamptz '2026-05-01 00:00Z' + i * interval '1 hour', timestamptz '2026-05-01 00:00Z' + (i + 1) * interval '1 hour')
FROM scale, generate_series(1, scale.bookings) AS i, LATERAL (SELECT 1 + i % sites AS site) AS place;

INSERT INTO notes (id, organization_id, notes)
SELECT i, 1000 + i % organizations,
       CASE WHEN i % 10 = 0 THEN NULL WHEN i % 10 = 1 THEN '' ELSE repeat(md5(i::text) || E'\tzeile\n', 1 + (pg_temp.draw(i, 111) % 30)::int) END
FROM scale, generate_series(1, scale.notes) AS i;

INSERT INTO "Stock Levels" ("Site Id", "productId", "On Hand", "select")
SELECT i, 1 + i % products, pg_temp.draw(i, 121) % 100000 / 1000.0, CASE WHEN i % 2 = 0 THEN 'back\slash' END
FROM scale, generate_series(1, scale.sites) AS i;

-- Large objects under fixed numbers: an empty one, one of several pages, one of many.
SELECT lo_from_bytea(700001, ''),
       lo_from_bytea(700002, convert_to(repeat('Vertrag über Kühlung. ', 500), 'UTF8')),
       lo_from_bytea(700003, (SELECT string_agg(decode(md5(i::text), 'hex'), NULL ORDER BY i) FROM generate_series(1, 20000) AS i));
INSERT INTO documents (id, organization_id, title, content, meta) VALUES
  (1, 1000, 'leer', 700001, NULL),
  (2, 1001, 'Vertrag', 700002, '{ "pages" : 3,  "signed": true }'),
  (3, 1002, 'Plan 図面', 700003, '{"a": 1, "a": 2}');

INSERT INTO extremes
  (id, label, anything, double_value, real_value, on_day, at_instant, lasting, bytes, padded, bits, numbers, words, loose, tight, spans)
VALUES
  (1, 'largest', (repeat('9', 1000) || '.' || repeat('9', 500))::numeric, 1.7976931348623157e308, 3.4028235e38, '5874897-12-31',
   '294276-12-31 23:59:59.999999Z', '178000000 years', decode(repeat('00ff', 4000), 'hex'), 'full...8', B'1', '{2147483647}', '{a}',
   '[1e400]', '{"n": 1e300}', '{[-9223372036854775808,9223372036854775807)}'),
  (2, 'smallest', -(('1e-1000')::numeric), 5e-324, 1.4e-45, '4713-01-01 BC', '4713-01-01 00:00:00Z BC', '-178000000 years', '', '', B'', '{}', '{}',
   '{}', '[]', '{}'),
  (3, 'not numbers', 'NaN', 'NaN', 'NaN', 'infinity', 'infinity', '0', '\x00', ' ', B'0', '[0:2]={1,NULL,3}', '{NULL,"NULL",""}', 'null', 'null', NULL),
  (4, 'infinite', '-Infinity', '-Infinity', 'Infinity', '-infinity', '-infinity', '-1 mon +1 day -00:00:00.000001', NULL, NULL, NULL,
   '{{1,2},{3,4}}', '{"{",",","\\"}', NULL, NULL, '{[1,3),[5,7)}'),
  (5, E'tab\there, newline\nhere, return\rhere, backslash \\ and \\. alone', 0.000, '-0', '-0', '0001-01-01', '0001-01-01 00:00:00Z', 'P1Y2M3DT4H5M6.789S',
   '\xdeadbeef', 'ß', B'10101', NULL, '{"a b"}', '  {"kept" :  "as written"}  ', '{"b": 1, "a": "\u00e9"}', NULL),
  (6, 'مرحبا e' || U&'\0301' || ' 👩‍🚀 ' || U&'\FEFF' || U&'\200F', 1.10, 0.1, 0.1, NULL, '2026-03-29 01:00:00Z', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (7, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (8, '', 1.1, 0.30000000000000004, 16777217, NULL, '2026-10-25 00:30:00Z', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

SELECT setval(pg_get_serial_sequence('organizations', 'id'), (SELECT max(id) FROM organizations)),
       setval(pg_get_serial_sequence('users', 'id'), (SELECT max(id) FROM users)),
       setval(pg_get_serial_sequence('sites', 'id'), (SELECT max(id) FROM sites)),
       setval(pg_get_serial_sequence('devices', 'id'), (SELECT max(id) FROM devices)),
       setval(pg_get_serial_sequence('readings', 'id'), (SELECT max(id) FROM readings)),
       setval(pg_get_serial_sequence('products', 'id'), (SELECT max(id) FROM products)),
       setval(pg_get_serial_sequence('orders', 'id'), (SELECT max(id) FROM orders)),
       setval(pg_get_serial_sequence('bookings', 'id'), (SELECT max(id) FROM bookings)),
       setval(pg_get_serial_sequence('documents', 'id'), (SELECT max(id) FROM documents)),
       setval('invoice_numbers', (SELECT max(invoice_number) FROM orders), false);
