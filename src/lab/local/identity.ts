/** The lab's way to who is who; restore/ needs the same for what drills leave behind. */
export { alive, Identity, identify, processesWith, sessionLeader } from '../../process/identity.ts';
