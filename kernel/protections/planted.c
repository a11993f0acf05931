#include "kernel/log.h"
#include "kernel/protections/bait.h"
#include "kernel/protections/rules.h"
#include "mm/audit/audit.h"

constexpr size_t WANTED_SIZE = 16;

/* A sink that looks for a line that begins as wanted. */
struct finder {
    struct text_sink sink;
    char wanted[WANTED_SIZE];
    size_t matched; /* so many of its letters have this line's beginning */
    bool has_differed;
    bool has_found;
};

static void look_at(struct finder *finder, char c) {
    if (c == '\n') {
        finder->matched = 0;
        finder->has_differed = false;
        return;
    }
    if (finder->has_differed || finder->wanted[finder->matched] == '\0') {
        return;
    }
    finder->has_differed = c != finder->wanted[finder->matched++];
    finder->has_found |= !finder->has_differed && finder->wanted[finder->matched] == '\0';
}

static void look(void *context, const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        look_at(context, text[i]);
    }
}

static bool audit_finds(const char *invariant) {
    struct finder finder = {};
    finder.sink = (struct text_sink){.write = look, .context = &finder};
    format_buffer(finder.wanted, sizeof(finder.wanted), "audit: %s:", invariant);
    audit_run(&finder.sink);
    return finder.has_found;
}

/* Without NX all memory is executable, and K2 and K3 forbid nothing. */
static const struct planted {
    const char *name;
    bool (*is_claimed)(const struct cpu_features *cpu); /* nullptr: on every CPU */
    const char *invariant;
    virt_addr_t (*target)(void);
    struct lift plant;
} PLANTED[] = {
    {"audit for a page that is writable and executable", has_no_execute, "K2", bait_data,
     EXECUTABLE},
    {"audit for text that is writable elsewhere", has_no_execute, "K3", rule_text_in_direct_map,
     WRITABLE},
    {"audit for a kernel page with the user bit", nullptr, "K1", bait_data, FOR_USERS},
    {"audit for a reserved bit", has_reserved_address_bits, "P1", bait_data, ADDRESS_BIT_51},
};

/* Returns whether the audit saw the plant, and saw it no more once it was gone. */
static bool is_found(const struct planted *planted) {
    struct lifted lifted = lift_do(&planted->plant, planted->target());
    bool is_seen = audit_finds(planted->invariant);
    lift_undo(&lifted);
    return is_seen && !audit_finds(planted->invariant);
}

unsigned plant_for_audit(void) {
    unsigned silent_count = 0;
    for (size_t i = 0; i < sizeof(PLANTED) / sizeof(PLANTED[0]); i++) {
        const struct planted *planted = &PLANTED[i];
        if (!is_claimed_by_this_cpu(planted->is_claimed)) {
            log_line(LOG_INFO, "protections: %s: not claimed by this CPU", planted->name);
            continue;
        }
        bool has_fired = is_found(planted);
        log_line(LOG_INFO, "protections: %s: %s (%s)", planted->name,
                 has_fired ? "fired" : "silent", planted->invariant);
        silent_count += !has_fired;
    }
    return silent_count;
}
