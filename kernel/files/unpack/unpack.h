#pragma once

#include "kernel/files/path/path.h"
#include "kernel/initrd/initrd.h"
#include "lib/decls.h"
#include "lib/format.h"
#include "lib/status.h"
#include "lib/untrusted.h"

BEGIN_C_DECLS

/*
 * Makes everything that the RAM disk names below `view`'s root, with its permissions, owners and
 * time: directories, regular files, symbolic links, hard links, devices and fifos. A name that is
 * there already is replaced, but a directory stays, and nothing else becomes one. Directories that
 * are missing on the way are made. Nothing is written outside of the root, whatever the names say.
 *
 * Errors: STATUS_INVALID, the archive is damaged; or why a name could not be made. Each with a
 * complaint; what came before it is there.
 */
enum status unpack_initrd(UNTRUSTED const struct initrd *initrd, const struct path_view *view,
                          const struct text_sink *complaints);

END_C_DECLS
