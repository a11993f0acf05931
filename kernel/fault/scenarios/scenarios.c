#include "kernel/fault/scenarios/scenarios.h"

#include "kernel/fault/scenarios/kinds.h"

static void play(const struct scenario *scenario, const struct text_sink *sink) {
    struct stage stage;
    format_to(sink, "scenario: %s\n", scenario->name);
    stage_set(&stage, sink);
    scenario->play(&stage);
    stage_clear(&stage);
}

static unsigned play_all(const struct scenario *scenarios, const struct text_sink *sink) {
    unsigned count = 0;
    for (const struct scenario *scenario = scenarios; scenario->name; scenario++) {
        if (scenario->is_claimed && !scenario->is_claimed()) {
            format_to(sink, "scenario not claimed by this CPU: %s\n", scenario->name);
            continue;
        }
        play(scenario, sink);
        count++;
    }
    return count;
}

unsigned scenarios_run(const struct text_sink *sink) {
    return play_all(USER_SCENARIOS, sink) + play_all(KERNEL_SCENARIOS, sink);
}
