#include "kernel/command_line/command_line.h"

#include "kernel/text/quote.h"
#include "lib/memory.h"

struct scanner {
    const char *text;
    size_t length;
    size_t position;
    char *next;         /* in storage: where the next byte goes */
    size_t quote_start; /* of the last quote that was opened or closed */
    bool is_quoted;
    const struct text_sink *complaints;
};

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The byte that \xHH at the position after the backslash stands for; -1 where it is not one. */
static int hex_escape(const struct scanner *scan) {
    if (scan->length - scan->position < 3 || scan->text[scan->position] != 'x') {
        return -1;
    }
    int high = hex_value(scan->text[scan->position + 1]);
    int low = hex_value(scan->text[scan->position + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static void scan_escape(struct scanner *scan) {
    if (scan->position == scan->length) {
        format_to(scan->complaints, "K201: command line: ends in a backslash\n");
        return;
    }
    int byte = hex_escape(scan);
    if (byte == 0) {
        format_to(scan->complaints,
                  "K202: command line: \\x00 at byte %zu cannot be part of a word; ignored\n",
                  scan->position - 1);
    }
    if (byte > 0) {
        *scan->next++ = (char)byte;
    } else if (byte < 0) {
        *scan->next++ = scan->text[scan->position];
    }
    scan->position += byte < 0 ? 1 : 3;
}

static void scan_character(struct scanner *scan) {
    char c = scan->text[scan->position++];
    if (c == '"') {
        scan->is_quoted = !scan->is_quoted;
        scan->quote_start = scan->position - 1;
    } else if (c == '\\') {
        scan_escape(scan);
    } else if (c != '\0') {
        *scan->next++ = c;
    }
}

static bool is_at_end(const struct scanner *scan) {
    return scan->position == scan->length;
}

static bool is_at_blank(const struct scanner *scan) {
    return !is_at_end(scan) && is_blank(scan->text[scan->position]);
}

/* The next word, terminated, in storage; nullptr at the end. Never longer than its source. */
static const char *scan_word(struct scanner *scan) {
    while (is_at_blank(scan)) {
        scan->position++;
    }
    if (is_at_end(scan)) {
        return nullptr;
    }
    const char *word = scan->next;
    scan->is_quoted = false;
    while (!is_at_end(scan) && (scan->is_quoted || !is_at_blank(scan))) {
        scan_character(scan);
    }
    if (scan->is_quoted) {
        format_to(scan->complaints, "K203: command line: the quote at byte %zu is not closed\n",
                  scan->quote_start);
    }
    *scan->next++ = '\0';
    return word;
}

/* Whether `word` is that option; then `*value` is what follows the equals sign. */
static bool is_option(const char *word, const char *name, const char **value) {
    while (*name != '\0' && *word == *name) {
        word++;
        name++;
    }
    *value = word + 1;
    return *name == '\0' && *word == '=';
}

struct choice {
    const char *name;
    uint8_t value;
};

static const struct choice TERMINALS[] = {
    {"screen", TERMINAL_SCREEN}, {"com1", TERMINAL_COM1}, {"com2", TERMINAL_COM2}, {}};
static const struct choice LOGS[] = {{"all", LOG_TO_ALL},       {"none", LOG_TO_NONE},
                                     {"screen", LOG_TO_SCREEN}, {"com1", LOG_TO_COM1},
                                     {"com2", LOG_TO_COM2},     {}};
static const struct choice TRACES[] = {
    {"none", TRACE_TO_NONE}, {"com2", TRACE_TO_COM2}, {"debugcon", TRACE_TO_DEBUG_PORT}, {}};
static const struct choice ACTS[] = {{"key", ACT_WAIT_FOR_KEY},
                                     {"poweroff", ACT_POWER_OFF},
                                     {"reboot", ACT_REBOOT},
                                     {"halt", ACT_HALT},
                                     {}};

/* The value that `text` names, or `otherwise` with a complaint. */
static uint8_t choose(const char *option, const char *text, const struct choice *choices,
                      uint8_t otherwise, const struct text_sink *complaints) {
    for (const struct choice *choice = choices; choice->name; choice++) {
        if (strcmp(text, choice->name) == 0) {
            return choice->value;
        }
    }
    format_to(complaints, "K205: command line: %s= cannot be ", option);
    quote_to(complaints, text, strlen(text));
    format_to(complaints, "; ignored\n");
    return otherwise;
}

static bool parse_option(const char *word, const struct text_sink *complaints,
                         struct command_line *line) {
    const char *value;
    if (is_option(word, "init", &value)) {
        line->init = value;
    } else if (is_option(word, "terminal", &value)) {
        line->terminal = choose("terminal", value, TERMINALS, line->terminal, complaints);
    } else if (is_option(word, "log", &value)) {
        line->log = choose("log", value, LOGS, line->log, complaints);
    } else if (is_option(word, "on_exit", &value)) {
        line->on_exit = choose("on_exit", value, ACTS, line->on_exit, complaints);
    } else if (is_option(word, "on_panic", &value)) {
        line->on_panic = choose("on_panic", value, ACTS, line->on_panic, complaints);
    } else if (is_option(word, "trace", &value)) {
        line->trace = choose("trace", value, TRACES, line->trace, complaints);
    } else if (is_option(word, "selftest", &value)) {
        line->selftests = value;
    } else if (strcmp(word, "audit") == 0) {
        line->has_audit = true;
    } else {
        return false;
    }
    return true;
}

static void parse_arguments(struct scanner *scan, struct command_line *line) {
    line->arguments = scan->next;
    while (scan_word(scan)) {
        line->argument_count++;
    }
}

/* A recording shares its port with nothing. */
static void settle_com2(struct command_line *line, const struct text_sink *complaints) {
    if (line->trace != TRACE_TO_COM2) {
        return;
    }
    if (line->terminal == TERMINAL_COM2) {
        format_to(complaints, "K207: command line: trace=com2 ignored, as that is the terminal\n");
        line->trace = TRACE_TO_NONE;
        return;
    }
    line->log &= (uint8_t)~LOG_TO_COM2;
}

static void parse_words(struct scanner *scan, struct command_line *line) {
    const char *word;
    while ((word = scan_word(scan))) {
        if (strcmp(word, "--") == 0) {
            parse_arguments(scan, line);
            return;
        }
        if (!parse_option(word, scan->complaints, line)) {
            format_to(scan->complaints, "K204: command line: unknown option ");
            quote_to(scan->complaints, word, strlen(word));
            format_to(scan->complaints, " ignored\n");
        }
    }
}

void command_line_parse(const char *text, size_t length, char *storage,
                        const struct text_sink *complaints, struct command_line *line) {
    struct scanner scan = {
        .text = text, .length = length, .next = storage, .complaints = complaints};
    const struct command_line defaults = {.terminal = TERMINAL_SCREEN,
                                          .log = LOG_TO_ALL,
                                          .on_exit = ACT_WAIT_FOR_KEY,
                                          .on_panic = ACT_HALT};
    *line = defaults;
    parse_words(&scan, line);
    settle_com2(line, complaints);
}
