/** What every page runs: fill in, copy, and tabs. */
import type { Parameter } from '../../runbook/model.ts';
import { offerCopies } from './copy.ts';
import { fillIn } from './fill-in.ts';
import { makeTabs } from './tabs.ts';
import { Values } from './values.ts';

const form = document.querySelector<HTMLFormElement>('form.db-params');
// Written by Parameters.astro from the page's own parameters.
const parameters = JSON.parse(form?.dataset.parameters ?? '[]') as Parameter[];
const values = new Values(parameters, location.search);
if (form) fillIn(form, values);
offerCopies(values, form);
makeTabs();
