#include "kernel/syscall/view.h"

#include "kernel/cpu/user_copy.h"
#include "mm/heap/heap.h"

static struct credentials current_credentials(void) {
    const struct process_credentials *own = &process_current()->credentials;
    return (struct credentials){
        .user = own->file_user,
        .group = own->file_group,
        .groups = own->groups,
        .group_count = own->group_count,
    };
}

enum status call_view_begin(struct call_view *view, int32_t directory) {
    struct task *task = task_current();
    *view = (struct call_view){.credentials = current_credentials()};
    view->view.credentials = &view->credentials;
    if (directory == AT_WORKING_DIRECTORY) {
        view->view.start = file_context_current(task->places);
    } else {
        enum status status =
            descriptor_get(task->files, (uint32_t)directory, &view->directory);
        if (status != STATUS_OK) {
            return status;
        }
        view->view.start = view->directory->place;
    }
    view->view.root = file_context_root(task->places);
    return STATUS_OK;
}

void call_view_end(struct call_view *view) {
    location_unref(&view->view.root);
    if (view->directory) {
        file_unref(view->directory);
    } else {
        location_unref(&view->view.start);
    }
}

enum status user_path(uint64_t address, char **path) {
    char *text = heap_alloc(PATH_SIZE_MAX);
    if (!text) {
        return STATUS_NO_MEMORY;
    }
    size_t length;
    enum status status = user_copy_string(text, virt_addr(address), PATH_SIZE_MAX, &length);
    if (status != STATUS_OK) {
        heap_free(text);
        return status == STATUS_TOO_LONG ? STATUS_NAME_TOO_LONG : status;
    }
    *path = text;
    return STATUS_OK;
}
