// Whatever the names and values of extended attributes are, a node keeps what a map of them does.

#include <map>

#include "host_tests/files/file_test.h"
#include "host_tests/models/model_run.h"
#include "kernel/files/extended/extended.h"

namespace {

constexpr credentials ROOT = {};

class ExtendedFuzz : public FileTest {
  public:
    explicit ExtendedFuzz(const Choices &given) : choices(given) {}

    void step();
    void check() {}

    Choices choices;

  protected:
    void SetUp() override;
    void end_files() override;

  private:
    std::string pick_name();
    void set(const std::string &name);
    void get(const std::string &name);
    void remove(const std::string &name);
    static bool is_possible(const std::string &name);

    Open file_;
    std::map<std::string, std::string> values_;
};

void ExtendedFuzz::SetUp() {
    FileTest::SetUp();
    file_ = open("/f", OPEN_READ_WRITE | OPEN_CREATE);
}

void ExtendedFuzz::end_files() {
    file_.close();
}

std::string ExtendedFuzz::pick_name() {
    static const std::string pieces[] = {"user.", "trusted.", "security.", "user", ".", "a", "b"};
    std::string name;
    while (name.size() < EXTENDED_NAME_MAX - 10 && !choices.one_in(3)) {
        name += choices.one_in(8) ? std::string(1, static_cast<char>(1 + choices.below(255)))
                                  : choices.of(pieces);
    }
    return name;
}

bool ExtendedFuzz::is_possible(const std::string &name) {
    bool is_found = false;
    for (const std::string prefix : {"user.", "trusted.", "security."}) {
        is_found |= name.starts_with(prefix) && name.size() > prefix.size();
    }
    return is_found;
}

void ExtendedFuzz::set(const std::string &name) {
    std::string value(choices.below(100), static_cast<char>(choices.below(256)));
    bool must_be_new = choices.one_in(4);
    const extended_request request = {name.c_str(), value.data(), value.size(), must_be_new, false};
    bool works = is_possible(name) && !(must_be_new && values_.contains(name));
    EXPECT_EQ(extended_set(file_->place.node, &ROOT, &request) == STATUS_OK, works) << name;
    if (works) {
        values_[name] = value;
    }
}

void ExtendedFuzz::get(const std::string &name) {
    std::string value(100, '?');
    size_t size = 0;
    status result = extended_get(file_->place.node, &ROOT, name.c_str(), value.data(), 100, &size);
    ASSERT_EQ(result == STATUS_OK, values_.contains(name)) << name;
    if (result == STATUS_OK) {
        EXPECT_EQ(value.substr(0, size), values_[name]);
    }
}

void ExtendedFuzz::remove(const std::string &name) {
    status result = extended_remove(file_->place.node, &ROOT, name.c_str());
    EXPECT_EQ(result == STATUS_OK, values_.erase(name) > 0) << name;
}

void ExtendedFuzz::step() {
    std::string name = pick_name();
    switch (choices.below(4)) {
    case 0:
        return get(name);
    case 1:
        return remove(name);
    default:
        return set(name);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_model<ExtendedFuzz>(data, size);
}
