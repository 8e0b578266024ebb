import { testRunbook } from './matrix.ts';

testRunbook('restore-and-swap');
