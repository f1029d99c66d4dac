// docs/metrics.md and the sources name the same metrics, with the same types and labels.
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "base/strings.h"

namespace {

namespace fs = std::filesystem;

const fs::path kRoot = SLIPWAY_SOURCE_DIR;

std::string text_of(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// "counter verb, resource, code"; without labels where the sources write the lines themselves.
struct Described {
  std::string type, labels;
  bool labels_known = true;
};
using Metrics = std::map<std::string, Described>;

Metrics of_the_page() {
  Metrics all;
  const RE2 row(R"(\| `(slipway_[a-z_]+)` \| (counter|gauge|histogram) \|([a-z, ]*)\|)");
  const std::string page = text_of(kRoot / "docs/metrics.md");
  re2::StringPiece rest = page;
  std::string name, type, labels;
  while (RE2::FindAndConsume(&rest, row, &name, &type, &labels)) {
    EXPECT_FALSE(all.contains(name)) << "docs/metrics.md has " << name << " twice";
    all[name] = {type, std::string(slipway::base::trim(labels))};
  }
  return all;
}

// Families made as metrics.counter("name", "help", {"label", ...}).
void add_families(const std::string& source, Metrics& all) {
  const RE2 family(
      R"re(\b(counter|gauge|histogram)\(\s*"(slipway_[a-z_]+)",(?:\s*"(?:[^"\\]|\\.)*")+\s*(?:,\s*\{([^}]*)\})?)re");
  re2::StringPiece rest = source;
  std::string type, name, labels;
  while (RE2::FindAndConsume(&rest, family, &type, &name, &labels)) {
    RE2::GlobalReplace(&labels, R"re(["\s]+)re", "");
    all[name] = {type, slipway::base::replace_all(labels, ",", ", ")};
    labels.clear();
  }
}

// Names of other families: {"name", "gauge", "help"}, and lines that are written one by one.
void add_names(const std::string& source, Metrics& all) {
  const RE2 head(R"re("(slipway_[a-z_]+)",\s*"(counter|gauge|histogram)")re"), any(R"re("(slipway_[a-z_]+)")re");
  re2::StringPiece rest = source;
  std::string name, type;
  while (RE2::FindAndConsume(&rest, head, &name, &type)) all.try_emplace(name, Described{type, "", false});
  rest = source;
  while (RE2::FindAndConsume(&rest, any, &name)) all.try_emplace(name, Described{"gauge", "", false});
}

Metrics of_the_sources() {
  Metrics all;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "src")) {
    const std::string path = entry.path().string();
    if (!path.ends_with(".cpp") || path.ends_with("_test.cpp") || path.ends_with("_bench.cpp")) continue;
    const std::string source = text_of(entry.path());
    add_families(source, all);
    add_names(source, all);
  }
  return all;
}

TEST(MetricsPage, NamesWhatTheSourcesMakeAndNothingElse) {
  const Metrics page = of_the_page(), sources = of_the_sources();
  EXPECT_GT(sources.size(), 40u);
  for (const auto& [name, made] : sources) {
    const auto found = page.find(name);
    if (found == page.end()) {
      ADD_FAILURE() << name << " is not in docs/metrics.md";
      continue;
    }
    EXPECT_EQ(found->second.type, made.type) << name;
    if (made.labels_known) EXPECT_EQ(found->second.labels, made.labels) << name;
  }
  for (const auto& [name, _] : page) EXPECT_TRUE(sources.contains(name)) << name << " is only in docs/metrics.md";
}

}  // namespace
