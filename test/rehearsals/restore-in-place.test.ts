import { testRunbook } from './matrix.ts';

testRunbook('restore-in-place');
