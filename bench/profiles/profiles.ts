// All profiles, in the order in which they run and are documented.

import type { Profile } from '../profile.ts';
import { createProfile, verifyProfile } from './hashing.ts';
import { scaleProfile } from './scale.ts';
import { startupProfile } from './startup.ts';
import { swarmProfile } from './swarm.ts';
import { transferProfiles } from './transfer.ts';

export const profiles: readonly Profile[] = [...transferProfiles, swarmProfile, verifyProfile, createProfile, startupProfile, scaleProfile];
