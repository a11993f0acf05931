#include "host_tests/files/files_model.h"

#include <algorithm>

machine::Config FilesModel::config() const {
    machine::Config config;
    config.ram = {{0, 0x9f000}, {0x100000, 0x700000}};
    return config;
}

/* Picks. */

FilesModel::Names FilesModel::pick_path() {
    static constexpr const char *all[] = {"a", "b", "c", "dd"};
    Names names;
    do {
        names.emplace_back(choices.of(all));
    } while (names.size() < 4 && !choices.one_in(3));
    return names;
}

std::string FilesModel::text_of(const Names &names) {
    std::string text;
    for (const std::string &name : names) {
        text += "/" + name;
    }
    return text;
}

/* The model. */

FilesModel::Place FilesModel::find_place(const Names &names) const {
    Place place = {.directory = top_.get(), .name = names.back()};
    for (size_t i = 0; i + 1 < names.size(); i++) {
        auto found = place.directory->entries.find(names[i]);
        if (found == place.directory->entries.end()) {
            place.failure = STATUS_NOT_FOUND;
            return place;
        }
        if (!found->second->is_directory) {
            place.failure = STATUS_NOT_A_DIRECTORY;
            return place;
        }
        place.directory = found->second.get();
    }
    auto last = place.directory->entries.find(place.name);
    place.node = last == place.directory->entries.end() ? nullptr : last->second;
    return place;
}

bool FilesModel::is_at_or_above(const Node *node, const Node *directory) {
    return node == directory ||
           std::any_of(node->entries.begin(), node->entries.end(), [&](const auto &entry) {
               return is_at_or_above(entry.second.get(), directory);
           });
}

FilesModel::Expected FilesModel::expect_making(const Names &names, bool is_directory) {
    Place place = find_place(names);
    if (place.failure != STATUS_OK) {
        return {place.failure, {}};
    }
    if (place.node != nullptr) {
        return {STATUS_EXISTS, {}};
    }
    return {STATUS_OK, [=] {
                auto made = std::make_shared<Node>(Node{.is_directory = is_directory, .names = 1});
                place.directory->entries[place.name] = made;
            }};
}

FilesModel::Expected FilesModel::expect_removal(const Names &names, bool as_directory) {
    Place place = find_place(names);
    if (place.failure != STATUS_OK || place.node == nullptr) {
        return {place.failure == STATUS_OK ? STATUS_NOT_FOUND : place.failure, {}};
    }
    if (place.node->is_directory != as_directory) {
        return {as_directory ? STATUS_NOT_A_DIRECTORY : STATUS_IS_A_DIRECTORY, {}};
    }
    if (!place.node->entries.empty()) {
        return {STATUS_NOT_EMPTY, {}};
    }
    return {STATUS_OK, [=] {
                place.node->names--;
                place.directory->entries.erase(place.name);
            }};
}

FilesModel::Expected FilesModel::expect_link(const Names &from, const Names &to) {
    Place source = find_place(from);
    if (source.failure != STATUS_OK || source.node == nullptr) {
        return {source.failure == STATUS_OK ? STATUS_NOT_FOUND : source.failure, {}};
    }
    Place target = find_place(to);
    if (target.failure != STATUS_OK || target.node != nullptr) {
        return {target.failure == STATUS_OK ? STATUS_EXISTS : target.failure, {}};
    }
    if (source.node->is_directory) {
        return {STATUS_NOT_PERMITTED, {}};
    }
    return {STATUS_OK, [=] {
                source.node->names++;
                target.directory->entries[target.name] = source.node;
            }};
}

status FilesModel::judge_rename(const Place &from, const Place &to, rename_mode mode) const {
    for (const Place *place : {&from, &to}) {
        if (place->failure != STATUS_OK) {
            return place->failure;
        }
    }
    if (from.node == nullptr || (to.node == nullptr && mode == RENAME_SWAP)) {
        return STATUS_NOT_FOUND;
    }
    if (to.node != nullptr && mode == RENAME_ONLY_NEW) {
        return STATUS_EXISTS;
    }
    if (is_at_or_above(from.node.get(), to.directory)) {
        return STATUS_INVALID;
    }
    if (to.node != nullptr && is_at_or_above(to.node.get(), from.directory)) {
        return mode == RENAME_SWAP ? STATUS_INVALID : STATUS_NOT_EMPTY;
    }
    if (to.node == nullptr || to.node == from.node || mode == RENAME_SWAP) {
        return STATUS_OK;
    }
    if (from.node->is_directory != to.node->is_directory) {
        return from.node->is_directory ? STATUS_NOT_A_DIRECTORY : STATUS_IS_A_DIRECTORY;
    }
    return to.node->entries.empty() ? STATUS_OK : STATUS_NOT_EMPTY;
}

void FilesModel::move(const Place &from, const Place &to, rename_mode mode) {
    if (from.node == to.node) {
        return;
    }
    if (mode == RENAME_SWAP) {
        from.directory->entries[from.name] = to.node;
        to.directory->entries[to.name] = from.node;
        return;
    }
    if (to.node != nullptr) {
        to.node->names--;
    }
    from.directory->entries.erase(from.name);
    to.directory->entries[to.name] = from.node;
}

FilesModel::Expected FilesModel::expect_rename(const Names &from, const Names &to,
                                               rename_mode mode) {
    Place source = find_place(from);
    Place target = find_place(to);
    return {judge_rename(source, target, mode), [=] { move(source, target, mode); }};
}

/* Operations. */

void FilesModel::play(const Expected &expected, const std::function<status()> &operation) {
    std::unique_ptr<FrameDrought> drought;
    if (choices.one_in(16)) {
        drought = std::make_unique<FrameDrought>(choices.below(3));
    }
    status result = operation();
    if (drought != nullptr && (result == STATUS_NO_MEMORY || result == STATUS_NO_SPACE)) {
        return;
    }
    EXPECT_EQ(result, expected.result);
    if (result == STATUS_OK && expected.result == STATUS_OK) {
        expected.change();
    }
}

void FilesModel::make_something() {
    Names names = pick_path();
    bool is_directory = choices.one_in(2);
    play(expect_making(names, is_directory),
         [&] { return is_directory ? mkdir(text_of(names)) : touch(text_of(names)); });
}

void FilesModel::remove_something() {
    Names names = pick_path();
    bool as_directory = choices.one_in(2);
    play(expect_removal(names, as_directory),
         [&] { return as_directory ? rmdir(text_of(names)) : unlink(text_of(names)); });
}

void FilesModel::link_something() {
    Names from = pick_path();
    Names to = pick_path();
    play(expect_link(from, to), [&] {
        location source = {};
        status result = resolve(text_of(from), &source);
        if (result == STATUS_OK) {
            result = path_link(&source, &view, text_of(to).c_str());
        }
        location_unref(&source);
        return result;
    });
}

void FilesModel::rename_something() {
    static constexpr rename_mode modes[] = {RENAME_OVER, RENAME_ONLY_NEW, RENAME_SWAP};
    Names from = pick_path();
    Names to = pick_path();
    rename_mode mode = choices.of(modes);
    play(expect_rename(from, to, mode),
         [&] { return rename_path(text_of(from), text_of(to), mode); });
}

void FilesModel::write_something() {
    Names names = pick_path();
    Place place = find_place(names);
    if (place.node == nullptr || place.node->is_directory) {
        idle_steps++;
        return;
    }
    uint64_t offset = choices.below(3 * PAGE_SIZE);
    std::string text(choices.below(2000), static_cast<char>('a' + choices.below(26)));
    location found = {};
    ASSERT_EQ(resolve(text_of(names), &found), STATUS_OK);
    EXPECT_EQ(write(found.node, offset, text), STATUS_OK);
    location_unref(&found);
    std::string &content = place.node->content;
    if (!text.empty()) {
        content.resize(std::max(content.size(), offset + text.size()));
        content.replace(offset, text.size(), text);
    }
}

void FilesModel::cut_something() {
    Names names = pick_path();
    Place place = find_place(names);
    if (place.node == nullptr || place.node->is_directory) {
        idle_steps++;
        return;
    }
    uint64_t size = choices.below(3 * PAGE_SIZE);
    location found = {};
    ASSERT_EQ(resolve(text_of(names), &found), STATUS_OK);
    EXPECT_EQ(found.node->operations->resize(found.node, size), STATUS_OK);
    location_unref(&found);
    place.node->content.resize(size);
}

void FilesModel::step() {
    switch (choices.below(8)) {
    case 0:
    case 1:
    case 2:
        return make_something();
    case 3:
        return remove_something();
    case 4:
        return link_something();
    case 5:
        return rename_something();
    case 6:
        return write_something();
    default:
        return cut_something();
    }
}

/* Comparing. */

void FilesModel::compare_entries(node *real, const Node &model, const std::string &path) {
    std::vector<std::string> names = list(real);
    std::sort(names.begin(), names.end());
    std::vector<std::string> expected;
    unsigned directories = 0;
    for (const auto &[name, below] : model.entries) {
        expected.push_back(name);
        directories += below->is_directory;
    }
    EXPECT_EQ(names, expected) << "in " << path;
    EXPECT_EQ(stat(real).link_count, 2 + directories) << path;
    for (const auto &[name, below] : model.entries) {
        Held found = find(real, name);
        if (found != nullptr) {
            compare(found, *below, path + "/" + name);
        }
    }
}

void FilesModel::compare(node *real, const Node &model, const std::string &path) {
    ASSERT_EQ(real->kind == NODE_DIRECTORY, model.is_directory) << path;
    if (model.is_directory) {
        compare_entries(real, model, path);
        return;
    }
    EXPECT_EQ(stat(real).link_count, model.names) << path;
    EXPECT_TRUE(read(real, 0, 4 * PAGE_SIZE) == model.content) << path;
}

void FilesModel::check() {
    compare(root, *top_, "");
}
