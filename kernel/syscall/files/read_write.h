#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "kernel/files/transfer/transfer.h"
#include "lib/decls.h"
#include "lib/status.h"

/* What reading and writing have in common, whatever call asks for it. */

BEGIN_C_DECLS

/* Errors: STATUS_BAD_DESCRIPTOR, not open for it; STATUS_INVALID, its kind cannot. */
enum status check_may_read(const struct file *file);
enum status check_may_write(const struct file *file);

/* Writing under RLIMIT_FSIZE of the current process. */
struct transfer limited_to_file_size(struct transfer transfer);

/* A call's result; that of writing also sends SIGPIPE and SIGXFSZ (man 2 write). */
int64_t read_result(enum status status, const struct transfer *transfer);
int64_t write_result(enum status status, const struct transfer *transfer);

/* Whether RLIMIT_FSIZE lets a file grow to this size; if not, STATUS_FILE_TOO_LARGE and SIGXFSZ. */
enum status check_file_size(uint64_t size_bytes);

END_C_DECLS
