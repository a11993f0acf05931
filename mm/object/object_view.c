#include "mm/object/object_view.h"

void object_views_init(struct object_views *views) {
    views->lock = (struct sleep_lock){};
    list_init(&views->list);
    views->cut_number = 0;
}

void object_views_add(struct object_views *views, struct object_view *view) {
    sleep_lock_acquire(&views->lock);
    view->cut_number = views->cut_number;
    list_push_back(&views->list, &view->link);
    sleep_lock_release(&views->lock);
}

void object_views_add_beside(struct object_views *views, struct object_view *view,
                             struct object_view *beside) {
    sleep_lock_acquire(&views->lock);
    view->cut_number = beside->cut_number;
    list_insert_after(&beside->link, &view->link);
    sleep_lock_release(&views->lock);
}

void object_views_remove(struct object_views *views, struct object_view *view) {
    sleep_lock_acquire(&views->lock);
    list_remove(&view->link);
    sleep_lock_release(&views->lock);
}

void object_views_join(struct object_views *views, struct object_view *kept,
                       struct object_view *dropped) {
    sleep_lock_acquire(&views->lock);
    if (dropped->cut_number < kept->cut_number) {
        kept->cut_number = dropped->cut_number;
        list_remove(&kept->link);
        list_insert_after(&dropped->link, &kept->link);
    }
    sleep_lock_release(&views->lock);
}

static struct object_view *find_unasked(const struct object_views *views) {
    if (list_is_empty(&views->list)) {
        return nullptr;
    }
    struct object_view *first = LIST_ENTRY(views->list.next, struct object_view, link);
    return first->cut_number < views->cut_number ? first : nullptr;
}

struct object_view *object_views_next(const struct object_cut *cut, const void *holder) {
    struct object_views *views = cut->views;
    sleep_lock_acquire(&views->lock);
    struct object_view *view = find_unasked(views);
    if (view != nullptr && view->holder == holder) {
        view->cut_number = views->cut_number;
        list_remove(&view->link);
        list_push_back(&views->list, &view->link);
    } else {
        view = nullptr;
    }
    sleep_lock_release(&views->lock);
    return view;
}

/* Whom to ask next. The holder cannot go while its view is in the list. */
static const struct object_view_operations *pin_next(struct object_views *views, void **holder) {
    const struct object_view_operations *operations = nullptr;
    sleep_lock_acquire(&views->lock);
    const struct object_view *view = find_unasked(views);
    if (view != nullptr) {
        operations = view->operations;
        *holder = view->holder;
        operations->pin(*holder);
    }
    sleep_lock_release(&views->lock);
    return operations;
}

static void begin_phase(struct object_views *views) {
    sleep_lock_acquire(&views->lock);
    views->cut_number++;
    sleep_lock_release(&views->lock);
}

enum status object_views_cut(const struct object_cut *cut) {
    enum status result = STATUS_OK;
    const struct object_view_operations *operations;
    void *holder;
    begin_phase(cut->views);
    while ((operations = pin_next(cut->views, &holder)) != nullptr) {
        enum status status = operations->carry_out(holder, cut);
        result = status != STATUS_OK ? status : result;
        if (result != STATUS_OK && cut->phase == CUT_PREPARES) {
            break;
        }
    }
    return result;
}
