#pragma once

/*
 * Marks of a parameter that carries bytes. A lint test asks for one wherever a pointer to them
 * comes with their number, and for a fuzzer wherever they are UNTRUSTED.
 *
 * UNTRUSTED: whatever a file, a firmware, a loader or a program wrote; nothing may be taken for
 * granted. TRUSTED: the kernel's own words, or checked before, or only carried elsewhere, so that
 * nothing is decided by them.
 */
#define UNTRUSTED __attribute__((annotate("untrusted")))
#define TRUSTED   __attribute__((annotate("trusted")))
