import { config } from 'zod/v4/core';

// Zod tries at the first schema whether it may compile code, which the content security policy forbids and reports. Whatever loads schemas loads this first.
config({ jitless: true });
