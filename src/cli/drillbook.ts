#!/usr/bin/env node
/** For whoever starts the TypeScript file, as tests and images do: the same program, 14 MB larger. */
import './drillbook.mjs';
