#pragma once

#include "kernel/syscall/system_call.h"

/* The system calls on files, by Linux's names. */

/* read_write.c */
system_call call_read, call_write, call_pread64, call_pwrite64, call_lseek;
system_call call_readv, call_writev, call_preadv, call_pwritev, call_preadv2, call_pwritev2;

/* descriptors.c, fcntl.c, control.c */
system_call call_close, call_close_range, call_dup, call_dup2, call_dup3, call_pipe, call_pipe2;
system_call call_fcntl, call_ioctl;

/* open.c, sizes.c */
system_call call_open, call_creat, call_openat, call_openat2;
system_call call_truncate, call_ftruncate, call_fallocate;

/* stat.c */
system_call call_stat, call_lstat, call_fstat, call_newfstatat, call_statx;
system_call call_access, call_faccessat, call_faccessat2, call_readlink, call_readlinkat;

/* names.c */
system_call call_mkdir, call_mkdirat, call_mknod, call_mknodat, call_symlink, call_symlinkat;
system_call call_link, call_linkat, call_unlink, call_unlinkat, call_rmdir;
system_call call_rename, call_renameat, call_renameat2;

/* attributes.c */
system_call call_chmod, call_fchmod, call_fchmodat, call_fchmodat2;
system_call call_chown, call_lchown, call_fchown, call_fchownat;
system_call call_utime, call_utimes, call_futimesat, call_utimensat;

/* directories.c */
system_call call_getdents, call_getdents64, call_getcwd, call_chdir, call_fchdir, call_chroot;
system_call call_umask;

/* poll.c, select.c */
system_call call_poll, call_ppoll, call_select, call_pselect6;
