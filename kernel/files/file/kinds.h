#pragma once

#include "kernel/files/file/file.h"

/* The kinds of file that the kernel has of its own. */
extern const struct file_operations regular_file_operations;
extern const struct file_operations directory_file_operations;
extern const struct file_operations path_file_operations; /* O_PATH */
extern const struct file_operations pipe_file_operations;

/* Opens a fifo for the access that the file has. */
enum status fifo_file_open(struct file *file);

/* A file that nothing refers to yet, with a reference to the place. STATUS_NO_MEMORY. */
enum status file_create(const struct file_operations *operations, const struct location *place,
                        uint8_t access, uint32_t flags, struct file **file);

/* Frees one that has not come to be open. */
void file_discard(struct file *file);

/* st_dev of what is in no directory, taken when it is first asked for. */
uint32_t nameless_device(struct file_system *system);

/* A node of a system whose nodes are in no directory, with one reference and one link. The system's
 * device is taken with its first node. STATUS_NO_MEMORY. */
enum status nameless_node_create(struct file_system *system, const struct node_request *request,
                                 struct node **node);
