// The habits of the code base as tests over its sources: layers, bans, sizes, module pages.
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/strings.h"

namespace {

namespace fs = std::filesystem;
using slipway::base::split;

const fs::path kRoot = SLIPWAY_SOURCE_DIR;
constexpr std::size_t kMostLines = 600;
constexpr std::size_t kLongestLine = 140;
constexpr std::size_t kMostTestLines = 700;     // a test of one subject may list more cases
constexpr std::size_t kLongestTestLine = 240;   // and hold a document on one line

struct File {
  std::string path;    // from the root, "src/data/json.cpp"
  std::string module;  // "data"; empty outside src/
  std::vector<std::string> lines;
  // test_world.h: what tests share.
  bool is_test() const {
    return path.ends_with("_test.cpp") || path.ends_with("_bench.cpp") || path.ends_with("_fuzz.cpp") || path.contains("/test_");
  }
};

std::vector<File> sources_below(const char* folder) {
  std::vector<File> files;
  if (!fs::exists(kRoot / folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
    const auto extension = entry.path().extension();
    if (extension != ".h" && extension != ".cpp") continue;
    File file{.path = fs::relative(entry.path(), kRoot).string()};
    if (file.path.starts_with("src/")) file.module = split(file.path, '/')[1];
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line);) file.lines.push_back(line);
    files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.path < b.path; });
  return files;
}

struct Layer {
  int ring = 0;
  std::vector<std::string> dependencies;
};

std::map<std::string, Layer> read_layers() {
  std::map<std::string, Layer> layers;
  std::ifstream in(kRoot / "src/layers.txt");
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string name, ring, dependency;
    words >> name >> ring;
    Layer& layer = layers[name];
    layer.ring = std::stoi(ring);
    while (words >> dependency) layer.dependencies.push_back(dependency);
  }
  return layers;
}

std::set<std::string> reachable(const std::map<std::string, Layer>& layers, const std::string& from) {
  std::set<std::string> all{from};
  for (const std::string& next : layers.at(from).dependencies) all.merge(reachable(layers, next));
  return all;
}

std::string where(const File& file, std::size_t line) { return file.path + ":" + std::to_string(line + 1); }

TEST(Tidy, DependenciesPointInwards) {
  const auto layers = read_layers();
  for (const auto& [name, layer] : layers)
    for (const std::string& dependency : layer.dependencies) {
      ASSERT_TRUE(layers.contains(dependency)) << name << " depends on unknown " << dependency;
      const bool same_ring_ok = layer.ring != 5;  // domains never call each other
      EXPECT_TRUE(layers.at(dependency).ring < layer.ring || (layers.at(dependency).ring == layer.ring && same_ring_ok))
          << name << " (ring " << layer.ring << ") may not depend on " << dependency;
    }
}

TEST(Tidy, IncludesFollowTheLayers) {
  const auto layers = read_layers();
  const RE2 include(R"re(^\s*#include "([a-z]+)/)re");
  for (const File& file : sources_below("src")) {
    if (file.module.empty() || !layers.contains(file.module)) {
      ADD_FAILURE() << file.path << ": its folder has no line in src/layers.txt";
      continue;
    }
    const auto allowed = reachable(layers, file.module);
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      std::string match;
      // A test may look at the whole world around its subject; production code may not.
      if (file.is_test() || !RE2::PartialMatch(file.lines[i], include, &match)) continue;
      EXPECT_TRUE(allowed.contains(match)) << where(file, i) << ": " << file.module << " may not include " << match;
    }
  }
}

struct Ban {
  const char* pattern;
  const char* instead;
  std::set<std::string> allowed_in;  // modules
  bool in_tests = true;              // also banned in tests
};

const std::vector<Ban>& bans() {
  static const std::set<std::string> edges = {"runtime", "http", "store", "node", "gateway", "server", "cli", "demo"};
  static const std::vector<Ban> all = {
      {R"(system_clock::now|steady_clock::now|\btime\(nullptr\)|clock_gettime)", "runtime::Loop::now/mono",
       {"runtime", "node", "http", "gateway", "demo", "cli", "server"}, false},
      {R"(this_thread::sleep|\busleep\(|[^_.>a-z]sleep\()", "a Timer, or a condition to wait for", {"demo", "server"}, true},
      {R"(\brand\(\)|std::mt19937|random_device)", "runtime::Random", {"runtime"}, false},
      {R"(std::thread\b|std::jthread|std::async)", "a runtime::Loop of its own",
       {"runtime", "http", "store", "gateway", "server", "demo", "cli"}, false},
      {R"(#include [<"]boost/)", "runtime:: or http:: interfaces", {"runtime", "http", "node", "gateway", "client", "server", "cli", "demo"}, true},
      {R"(#include <iostream>)", "fmt::print or std::fputs", {"cli"}, true},
      {R"(#include <sys/socket.h>|#include <unistd.h>|#include <fcntl.h>)", "runtime/ or http/", edges, false},
      {R"(\bsystem\(|\bpopen\()", "control::ProcessHost or posix_spawn with an argument list", {}, false},
      {R"(\bstrcpy\(|\bsprintf\(|\bgets\()", "std::string", {}, true},
  };
  return all;
}

TEST(Tidy, BannedThingsStayOut) {
  for (const Ban& ban : bans()) {
    const RE2 pattern(ban.pattern);
    for (const File& file : sources_below("src")) {
      if (ban.allowed_in.contains(file.module) || (file.is_test() && !ban.in_tests)) continue;
      for (std::size_t i = 0; i < file.lines.size(); ++i) {
        const std::string code = file.lines[i].substr(0, file.lines[i].find("//"));
        EXPECT_FALSE(RE2::PartialMatch(code, pattern)) << where(file, i) << ": use " << ban.instead << " instead";
      }
    }
  }
}

TEST(Tidy, DecisionsArePure) {
  const RE2 outside(R"re(#include "runtime/|#include "http/)re");
  for (const File& file : sources_below("src")) {
    if (file.path.find("/decide") == std::string::npos || file.is_test()) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i)
      EXPECT_FALSE(RE2::PartialMatch(file.lines[i], outside)) << where(file, i) << ": deciding may not reach outside";
  }
}

TEST(Tidy, FilesAndLinesStaySmall) {
  for (const char* folder : {"src", "tests", "examples"})
    for (const File& file : sources_below(folder)) {
      const bool table = file.path.find("src/api/kinds/") == 0;  // schema tables are data
      EXPECT_TRUE(table || file.lines.size() <= (file.is_test() ? kMostTestLines : kMostLines))
          << file.path << " has " << file.lines.size() << " lines: split it by idea";
      for (std::size_t i = 0; i < file.lines.size() && !table; ++i)
        EXPECT_LE(file.lines[i].size(), file.is_test() ? kLongestTestLine : kLongestLine) << where(file, i);
    }
}

TEST(Tidy, HeadersOpenWithTheirPurpose) {
  for (const File& file : sources_below("src")) {
    if (!file.path.ends_with(".h")) continue;
    EXPECT_TRUE(!file.lines.empty() && file.lines[0].starts_with("//")) << file.path << ": say what the header is for";
    EXPECT_TRUE(std::ranges::find(file.lines, "#pragma once") != file.lines.end()) << file.path;
  }
}

TEST(Tidy, EveryModuleHasItsPage) {
  for (const auto& [name, layer] : read_layers()) {
    const fs::path folder = kRoot / "src" / name;
    if (fs::is_directory(folder)) EXPECT_TRUE(fs::exists(folder / "README.md")) << "src/" << name << "/README.md";
  }
}

TEST(Tidy, EveryFuzzerHasSeeds) {
  for (const File& file : sources_below("src")) {
    if (!file.path.ends_with("_fuzz.cpp")) continue;
    const fs::path seeds = kRoot / "tests/fuzz/corpus" / fs::path(file.path).stem();
    EXPECT_TRUE(fs::is_directory(seeds) && !fs::is_empty(seeds)) << file.path << ": give it seeds in " << seeds;
  }
}

TEST(Tidy, NothingNamesTheWorkplace) {
  const RE2 private_words("/(work|farm)/[a-z.]|/tmp/" "wt|sub" "agent");
  for (const char* folder : {"src", "tests", "examples", "scripts", "docs"})
    for (const File& file : sources_below(folder))
      for (std::size_t i = 0; i < file.lines.size(); ++i)
        EXPECT_FALSE(RE2::PartialMatch(file.lines[i], private_words)) << where(file, i);
}

}  // namespace
