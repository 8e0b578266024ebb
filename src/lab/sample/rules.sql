-- What holds between the rows and who may see them: constraints, indexes, triggers, policies, views, grants, comments.

ALTER TABLE organizations ADD CONSTRAINT organizations_slug_key UNIQUE (slug);
ALTER TABLE users
  ADD CONSTRAINT users_organization_fkey FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE,
  ADD CONSTRAINT users_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES users DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE sites
  ADD CONSTRAINT sites_organization_fkey FOREIGN KEY (organization_id) REFERENCES organizations,
  ADD CONSTRAINT sites_organization_id_key UNIQUE (organization_id, id);
ALTER TABLE devices
  ADD CONSTRAINT devices_serial_number_key UNIQUE (serial_number),
  ADD CONSTRAINT devices_site_fkey FOREIGN KEY (organization_id, site_id) REFERENCES sites (organization_id, id)
    ON UPDATE CASCADE DEFERRABLE;
ALTER TABLE readings ADD CONSTRAINT readings_device_fkey FOREIGN KEY (device_id) REFERENCES devices;
ALTER TABLE audit_log
  ADD CONSTRAINT audit_log_user_fkey FOREIGN KEY (user_id) REFERENCES users ON DELETE SET NULL;
ALTER TABLE products
  ADD CONSTRAINT products_sku_key UNIQUE (sku) DEFERRABLE INITIALLY IMMEDIATE,
  ADD CONSTRAINT products_organization_fkey FOREIGN KEY (organization_id) REFERENCES organizations;
ALTER TABLE orders
  ADD CONSTRAINT orders_site_fkey FOREIGN KEY (organization_id, site_id) REFERENCES sites (organization_id, id) MATCH FULL,
  ADD CONSTRAINT orders_user_fkey FOREIGN KEY (user_id) REFERENCES users ON DELETE SET NULL,
  ADD CONSTRAINT orders_replaces_fkey FOREIGN KEY (replaces) REFERENCES orders DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE order_items
  ADD CONSTRAINT order_items_order_fkey FOREIGN KEY (order_id) REFERENCES orders ON DELETE CASCADE,
  ADD CONSTRAINT order_items_product_fkey FOREIGN KEY (product_id) REFERENCES products;
-- One dock of one site cannot be booked twice at a time; ranges alone do it, without an extension.
ALTER TABLE bookings
  ADD CONSTRAINT bookings_site_fkey FOREIGN KEY (site_id) REFERENCES sites,
  ADD CONSTRAINT bookings_overlap EXCLUDE USING gist
    (int8range(site_id, site_id, '[]') WITH &&, int4range(dock, dock, '[]') WITH &&, during WITH &&);
ALTER TABLE documents ADD CONSTRAINT documents_organization_fkey FOREIGN KEY (organization_id) REFERENCES organizations;
ALTER TABLE notes ADD CONSTRAINT notes_length CHECK (length(notes) <= 100000) NOT VALID;
ALTER TABLE "Stock Levels"
  ADD CONSTRAINT "Stock Levels site" FOREIGN KEY ("Site Id") REFERENCES sites,
  ADD CONSTRAINT "On hand is not negative" CHECK ("On Hand" >= 0);

CREATE UNIQUE INDEX users_email_key ON users (organization_id, lower(email));
CREATE INDEX users_active ON users (organization_id) INCLUDE (display_name) WHERE status IN ('active', 'invited');
CREATE INDEX users_tags ON users USING gin (tags);
CREATE INDEX users_normalised_name ON users (normalised(display_name) text_pattern_ops);
CREATE INDEX organizations_preferences ON organizations USING gin (preferences jsonb_path_ops);
CREATE UNIQUE INDEX devices_one_address ON devices (network) WHERE network IS NOT NULL;
CREATE INDEX readings_by_device ON readings (device_id, recorded_at DESC);
CREATE INDEX readings_by_time ON readings USING brin (recorded_at);
CREATE INDEX audit_log_by_time ON audit_log (organization_id, happened_at DESC NULLS LAST);
CREATE INDEX products_search ON products USING gin (search);
CREATE INDEX orders_open ON orders (site_id, ordered_at) WHERE status IN ('new', 'packed', 'sent') AND delivered_at IS NULL;
CREATE UNIQUE INDEX "Stock Levels by Product" ON "Stock Levels" ("productId", "Site Id");
CREATE STATISTICS orders_status_site ON status, site_id FROM orders;

CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$;
CREATE FUNCTION log_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  INSERT INTO public.audit_log (id, organization_id, action, detail, happened_at)
  VALUES (extract(epoch FROM clock_timestamp()) * 1000000, NEW.organization_id, TG_TABLE_NAME || '.' || lower(TG_OP), to_jsonb(NEW), now());
  RETURN NULL;
END
$$;
CREATE PROCEDURE close_organization(organization bigint) LANGUAGE sql
BEGIN ATOMIC
  UPDATE organizations SET status = 'closed' WHERE id = organization;
  UPDATE users SET status = 'disabled' WHERE organization_id = organization;
END;
CREATE AGGREGATE longest(text) (SFUNC = textcat, STYPE = text, INITCOND = '');

-- Fired again, as pg_restore with several jobs does on partitioned tables, it changes what was measured.
CREATE FUNCTION calibrate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.celsius := NEW.celsius - 0.25;
  RETURN NEW;
END
$$;

CREATE TRIGGER calibrate BEFORE INSERT ON readings FOR EACH ROW EXECUTE FUNCTION calibrate();
CREATE TRIGGER touch BEFORE UPDATE ON organizations FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch();
CREATE TRIGGER touch BEFORE UPDATE ON sites FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER log_change AFTER INSERT OR UPDATE OF name ON sites FOR EACH ROW EXECUTE FUNCTION log_change();
ALTER TABLE sites DISABLE TRIGGER touch;

CREATE VIEW active_users AS
  SELECT id, organization_id, email, display_name, role FROM users WHERE status IN ('active', 'invited');
CREATE VIEW site_overview WITH (security_barrier) AS
  SELECT sites.id, sites.name, organizations.name AS organization, organizations.plan,
         (SELECT count(*) FROM active_users WHERE active_users.organization_id = sites.organization_id) AS people
  FROM sites JOIN organizations ON organizations.id = sites.organization_id
  WHERE organizations.status IN ('active', 'suspended');

CREATE SCHEMA reporting;
CREATE VIEW reporting.busiest_sites AS
  SELECT name, organization, people FROM public.site_overview WHERE people > 0;
CREATE MATERIALIZED VIEW reporting.orders_by_month AS
  SELECT date_trunc('month', ordered_at, 'UTC') AS month, status, count(*) AS orders, sum(total) AS turnover
  FROM public.orders JOIN public.order_items ON order_id = orders.id
  GROUP BY 1, 2;
CREATE UNIQUE INDEX orders_by_month_key ON reporting.orders_by_month (month, status);
CREATE MATERIALIZED VIEW reporting.not_yet_filled AS SELECT count(*) AS readings FROM public.readings WITH NO DATA;

ALTER TABLE organizations ENABLE ROW LEVEL SECURITY;
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE sites ENABLE ROW LEVEL SECURITY;
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY everyone_is_listed ON organizations FOR SELECT USING (status IN ('active', 'suspended'));
CREATE POLICY own_organization ON organizations FOR UPDATE TO freshtrack_app USING (id = current_organization());
CREATE POLICY own_users ON users TO freshtrack_app
  USING (organization_id = current_organization()) WITH CHECK (organization_id = current_organization());
CREATE POLICY own_sites ON sites TO freshtrack_app
  USING (organization_id = current_organization()) WITH CHECK (organization_id = current_organization());
CREATE POLICY own_orders ON orders AS RESTRICTIVE TO freshtrack_app USING (organization_id = current_organization());
CREATE POLICY readable_orders ON orders FOR SELECT USING (true);

GRANT USAGE ON SCHEMA public, reporting TO freshtrack_app, freshtrack_report;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO freshtrack_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO freshtrack_app;
REVOKE DELETE ON organizations, audit_log FROM freshtrack_app;
REVOKE ALL ON PROCEDURE close_organization(bigint) FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE close_organization(bigint) TO freshtrack_app;
GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO freshtrack_report;
GRANT SELECT (id, organization_id, display_name, role), REFERENCES (id) ON users TO freshtrack_report;
GRANT SELECT (name), UPDATE (name) ON sites TO freshtrack_report;
GRANT SELECT ON "Stock Levels" TO freshtrack_report WITH GRANT OPTION;
GRANT USAGE ON TYPE plan_tier TO freshtrack_report;
GRANT SELECT ON LARGE OBJECT 700002 TO freshtrack_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO freshtrack_report;

COMMENT ON TABLE organizations IS 'Tenants. Every other row belongs to one; it''s the unit of row-level security.';
COMMENT ON COLUMN users.email IS 'Unique per organization, in any case.';
COMMENT ON COLUMN "Stock Levels"."On Hand" IS 'Gezählt, nicht geschätzt: größer oder gleich null';
COMMENT ON FUNCTION current_organization() IS 'The tenant of this session: SET app.organization_id.';
COMMENT ON CONSTRAINT bookings_overlap ON bookings IS 'One dock, one lorry.';
COMMENT ON INDEX orders_open IS 'What the packing screen shows.';
COMMENT ON TYPE plan_tier IS 'From smallest to largest.';
COMMENT ON POLICY own_users ON users IS 'A tenant sees its own people.';
COMMENT ON TRIGGER log_change ON sites IS 'Names of sites appear in contracts.';
COMMENT ON SCHEMA reporting IS 'For people who only read.';
COMMENT ON LARGE OBJECT 700002 IS 'Der Vertrag';
