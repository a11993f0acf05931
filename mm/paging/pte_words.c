#include "mm/paging/pte_words.h"

struct text {
    char *end; /* where the terminator is */
    size_t left;
};

static void append(struct text *text, const char *word) {
    while (*word != '\0' && text->left > 1) {
        *text->end++ = *word++;
        text->left--;
    }
    *text->end = '\0';
}

static const char *const leaf_names[] = {"4 KiB leaf", "2 MiB leaf", "1 GiB leaf"};

static const char *const cache_names[] = {
    [CACHE_WRITE_BACK] = "",
    [CACHE_WRITE_THROUGH] = ", write-through",
    [CACHE_WRITE_COMBINING] = ", write-combining",
    [CACHE_UNCACHED] = ", uncached",
};

static void append_rights(struct text *text, pte_t pte) {
    uint8_t rights = pte_rights(pte);
    append(text, (rights & RIGHT_WRITE) != 0 ? ", writable" : ", read-only");
    append(text, (rights & RIGHT_USER) != 0 ? ", user" : ", kernel");
    append(text, (rights & RIGHT_EXECUTE) != 0 ? "" : ", no-execute");
    append(text, pte_is_accessed(pte) ? ", accessed" : "");
}

static void append_leaf(struct text *text, pte_t pte, unsigned level) {
    append(text, pte_is_dirty(pte) ? ", dirty" : "");
    append(text, pte_is_global(pte) ? ", global" : "");
    append(text, cache_names[pte_attributes(pte, level).cache]);
    append(text, ", ");
    append(text, leaf_names[level]);
}

void pte_words(pte_t pte, unsigned level, char *words, size_t size_bytes) {
    struct text text = {words, size_bytes};
    switch (pte_kind(pte, level)) {
    case PTE_ABSENT:
        append(&text, "not present");
        break;
    case PTE_PARKED:
        append(&text, "parked: not present, keeps its page");
        break;
    case PTE_TABLE:
        append(&text, "present");
        append_rights(&text, pte);
        append(&text, ", table");
        break;
    case PTE_LEAF:
        append(&text, "present");
        append_rights(&text, pte);
        append_leaf(&text, pte, level);
        break;
    }
}
