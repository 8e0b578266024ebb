import { testRunbook } from './matrix.ts';

testRunbook('drill');
