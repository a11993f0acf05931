#include "host_tests/sweep/sweep.h"

#include <algorithm>
#include <cstring>

namespace {

constexpr uint64_t ALLOCATIONS_MAX = 1000; /* of one operation */

void add_bytes(const void *bytes, size_t size_bytes, std::vector<uint64_t> &words) {
    for (size_t at = 0; at < size_bytes; at += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, static_cast<const char *>(bytes) + at,
               std::min(sizeof word, size_bytes - at));
        words.push_back(word);
    }
}

void add_area(const vm_area *area, std::vector<uint64_t> &words) {
    words.insert(words.end(), {area->range.start.value, area->range.page_count, area->kind,
                               area->attributes.rights, area->attributes.cache,
                               area->attributes.protection_key, area->has_own_guards});
    add_bytes(area->name, sizeof area->name, words);
}

/* A free frame says that alone; of a slab, where it is on its list does not count. */
void add_frames(std::vector<uint64_t> &words) {
    for (uint64_t page = 0; page < frame_page_limit(); page++) {
        phys_addr_t pa = phys_addr(page << PAGE_SHIFT);
        if (!frame_exists(pa) || frame_state_of(pa) == FRAME_FREE) {
            words.push_back(FRAME_FREE);
            continue;
        }
        const struct frame *frame = frame_of(pa);
        bool is_listed = (frame->flags & FRAME_HEAP_OBJECT) != 0;
        add_bytes(frame, 8, words);
        add_bytes(&frame->listed.value, 8, words);
        if (!is_listed) {
            add_bytes(&frame->owned, 16, words);
        }
    }
}

struct Ledger {
    bool has_run;
    uint64_t failure_points;
} ledger;

} // namespace

std::string SweepState::differences(const SweepState &other) const {
    std::string differing;
    for (const auto &[what, before] : words) {
        auto after = other.words.find(what);
        if (after == other.words.end() || after->second != before) {
            differing += what + ", ";
        }
    }
    differing += words.size() != other.words.size() ? "the set of spaces, " : "";
    differing += audit != other.audit ? "the audit:\n" + other.audit : "";
    return differing;
}

void SweepTest::add_space(void *state, address_space *space) {
    std::map<std::string, std::vector<uint64_t>> &words = static_cast<SweepState *>(state)->words;
    std::string name = space_name(space);
    words["tables of " + name] = table_words(space);
    words["CPUs of " + name] = {space_page_table(space)->active_cpus.bits};
    space_for_each_area(
        space,
        [](void *context, const vm_area *area) {
            add_area(area, *static_cast<std::vector<uint64_t> *>(context));
            return true;
        },
        &words["areas of " + name]);
}

SweepState SweepTest::sweep_state() {
    heap_drain();
    SweepState state;
    space_for_each(add_space, &state);
    add_frames(state.words["frames"]);
    frame_counts frames = frame_count();
    add_bytes(&frames, sizeof frames, state.words["frame_count"]);
    heap_counts objects = heap_count();
    add_bytes(&objects, sizeof objects, state.words["heap_count"]);
    state.words["flushes"] = {pc().flush_counts().requests};
    state.words["pre-emption"] = {static_cast<uint64_t>(pc().preemption_depth())};
    TextLog log;
    audit_run(log.sink());
    state.audit = log.text();
    return state;
}

void SweepLedger::begin() {
    ledger = {};
}

void SweepLedger::add(uint64_t failure_points) {
    ledger.has_run = true;
    ledger.failure_points += failure_points;
    testing::Test::RecordProperty("failure_points", static_cast<int>(ledger.failure_points));
}

bool SweepLedger::has_run() {
    return ledger.has_run;
}

machine::Config SweepTest::config() const {
    machine::Config config;
    config.ram = {{0, 0x9f000}, {MIB, 15 * MIB}};
    config.control.levels = GetParam().levels;
    config.control.pcide = GetParam().has_context_ids;
    return config;
}

void SweepTest::SetUp() {
    SweepLedger::begin();
    SpaceTest::SetUp();
    space = create("process");
    for (unsigned id : {1, 0}) {
        pc().run_on(id);
        space_switch(space);
    }
    pc().speculate_at_every_chance(VA, 4 * MIB);
}

void SweepTest::TearDown() {
    EXPECT_TRUE(SweepLedger::has_run()) << "this row has swept nothing";
    for (unsigned id : {1, 0}) {
        pc().run_on(id);
        space_switch(kernel_space());
    }
    if (space != nullptr) {
        destroy(space);
    }
    SpaceTest::TearDown();
}

void SweepTest::fail_at(uint64_t number, Failure failure, const std::function<status()> &operation,
                        uint64_t *asked, status *result) {
    FailingAllocations failing(number, failure);
    *result = operation();
    *asked = failing.asked();
}

uint64_t SweepTest::fails(const std::function<status()> &operation) {
    SweepState before = sweep_state();
    for (uint64_t number = 1; number < ALLOCATIONS_MAX; number++) {
        for (Failure failure : {Failure::ONCE, Failure::FROM_THERE_ON}) {
            uint64_t asked;
            status result;
            fail_at(number, failure, operation, &asked, &result);
            if (asked < number) {
                EXPECT_EQ(result, STATUS_OK);
                EXPECT_GT(asked, 0u) << "asks for no memory: the row is takes_no_memory";
                SweepLedger::add(2 * asked);
                return asked;
            }
            std::string when = "after allocation " + std::to_string(number) + " has failed";
            EXPECT_EQ(result, STATUS_NO_MEMORY) << when;
            EXPECT_EQ(before.differences(sweep_state()), "") << when;
            pc().look(when);
        }
    }
    ADD_FAILURE() << "never succeeds";
    return 0;
}

void SweepTest::takes_no_memory(const std::function<void()> &operation) {
    FailingAllocations failing(1, Failure::FROM_THERE_ON);
    operation();
    EXPECT_EQ(failing.asked(), 0u) << "asks for memory: the row is fails";
    SweepLedger::add(0);
    pc().look("after an operation without memory");
}

void SweepTest::takes_no_memory_and_succeeds(const std::function<status()> &operation) {
    takes_no_memory([&] { EXPECT_EQ(operation(), STATUS_OK); });
}

uint64_t SweepTest::makes_do(const std::function<std::string()> &operation) {
    SweepState before = sweep_state();
    std::string answer = operation();
    uint64_t asked = 0;
    for (uint64_t number = 1; number <= asked + 1; number++) {
        {
            FailingAllocations failing(number, Failure::UP_TO_THERE);
            EXPECT_EQ(operation(), answer) << "without " << number << " allocations";
            asked = failing.asked();
        }
        EXPECT_EQ(before.differences(sweep_state()), "") << "without " << number;
    }
    SweepLedger::add(asked);
    return asked;
}
