#pragma once

#include "kernel/proc/tree/made_fs.h"

/* The directories of /proc, one source each. */
extern const struct made_directory process_directory;          /* /proc/PID and its tasks' */
extern const struct made_directory descriptor_directory;       /* fd */
extern const struct made_directory descriptor_facts_directory; /* fdinfo */
extern const struct made_directory root_directory;
extern const struct made_directory sysctl_directory; /* /proc/sys */
extern const struct made_directory ipc_directory;    /* /proc/sysvipc */

/* For entries of a process's directory; each is described in man 5 proc. */
enum status maps_show_next(const struct made_view *view, uint64_t *cursor,
                           const struct text_sink *sink);
enum status smaps_show_next(const struct made_view *view, uint64_t *cursor,
                            const struct text_sink *sink);
enum status smaps_rollup_show(const struct made_view *view, const struct text_sink *sink);
enum status pagemap_read(const struct made_view *view, uint64_t *position,
                         struct transfer *transfer);
enum status page_walk_open(const struct made_subject *subject, void **state);
void page_walk_release(void *state);
enum status page_walk_read(const struct made_view *view, uint64_t *position,
                           struct transfer *transfer);
enum status memory_read(const struct made_view *view, uint64_t *position,
                        struct transfer *transfer);
enum status memory_write(const struct made_view *view, uint64_t *position,
                         struct transfer *transfer);
enum status arguments_read(const struct made_view *view, uint64_t *position,
                           struct transfer *transfer);
enum status environment_read(const struct made_view *view, uint64_t *position,
                             struct transfer *transfer);

/* Links to places. */
enum status executable_read_link(const struct made_subject *subject, char *text, size_t *length);
enum status executable_follow(const struct made_subject *subject, struct location *place);
enum status current_read_link(const struct made_subject *subject, char *text, size_t *length);
enum status current_follow(const struct made_subject *subject, struct location *place);
enum status top_read_link(const struct made_subject *subject, char *text, size_t *length);
enum status top_follow(const struct made_subject *subject, struct location *place);

/* Of the mounts that the current process can see. */
enum status mounts_show(const struct made_view *view, const struct text_sink *sink);
enum status mountinfo_show(const struct made_view *view, const struct text_sink *sink);

enum status frames_show_next(const struct made_view *view, uint64_t *cursor,
                             const struct text_sink *sink);
enum status buddies_show(const struct made_view *view, const struct text_sink *sink);
