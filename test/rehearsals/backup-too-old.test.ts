import { testRunbook } from './matrix.ts';

testRunbook('backup-too-old');
