// Whatever a route says, its texts stay in their places of the proxy's configuration.
//
// The configuration is written twice: as the route wants it, and with a harmless word in place of every text. Read as
// the proxy reads lines (manual, 2.2), both must have the same words, and where one has a harmless word the other must
// have the text, coded as that place needs it.
//
// Input: a JSON object, taken as the spec of an HTTPRoute; anything else gives its lines to the places of a route: type
// of the path match (0 exact, 1 prefix, 2 expression), path, name and value of a header, of a query parameter, their
// types (0 exact, 1 expression), method, name and value of a header to set, of one to add, host, kind of path change (0
// prefix, 1 full), path, filter (0 rewrite, 1 redirect), host name, sticky header, its salt. An empty line is a
// harmless text.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/strings.h"
#include "data/json.h"
#include "gateway/config.h"
#include "gateway/emitter.h"
#include "gateway/model.h"

using namespace slipway;
using data::Value;

namespace {

constexpr std::size_t kMostWords = 64;  // of a line: MAX_LINE_ARGS of the proxy
const gateway::ConfigPaths kPaths{.weights = "/w", .slots = "/s", .salts = "/t", .log_socket = "/l"};

// --- the route --------------------------------------------------------------------------------------------

// Lines of the input, each with what stands there when the line is empty or missing.
class Places {
 public:
  explicit Places(std::string_view text) {
    for (std::string_view line : base::split(text, '\n')) lines_.emplace_back(line);
  }
  std::string next(const std::string& otherwise) {
    const std::string line = at_ < lines_.size() ? lines_[at_] : "";
    ++at_;
    return line.empty() ? otherwise : line;
  }
  std::string choice(const std::vector<std::string>& names) {
    const std::string line = next("0");
    return names[static_cast<unsigned char>(line[0]) % names.size()];
  }

 private:
  std::vector<std::string> lines_;
  std::size_t at_ = 0;
};

Value named(const std::string& name, const std::string& value) {
  return Value::object({{"name", name}, {"value", value}});
}

Value next_named(Places& places, const std::string& name, const std::string& value) {
  const std::string first = places.next(name), second = places.next(value);
  return named(first, second);
}

Value match_of(Places& places) {
  const Value path = Value::object(
      {{"type", places.choice({"Exact", "PathPrefix", "RegularExpression"})}, {"value", places.next("/a")}});
  Value header = next_named(places, "x", "1"), query = next_named(places, "q", "2");
  header.set("type", places.choice({"Exact", "RegularExpression"}));
  query.set("type", places.choice({"Exact", "RegularExpression"}));
  Value match =
      Value::object({{"path", path}, {"headers", Value::array({header})}, {"queryParams", Value::array({query})}});
  match.set("method", places.next("GET"));
  return match;
}

Value path_change_of(Places& places) {
  if (places.choice({"prefix", "full"}) == "full")
    return Value::object({{"type", "ReplaceFullPath"}, {"replaceFullPath", places.next("/full")}});
  return Value::object({{"type", "ReplacePrefixMatch"}, {"replacePrefixMatch", places.next("/prefix")}});
}

Value filters_of(Places& places) {
  const Value set = Value::array({next_named(places, "y", "3")});
  const Value add = Value::array({next_named(places, "z", "4")});
  const Value there = Value::object({{"hostname", places.next("host")}, {"path", path_change_of(places)}});
  const bool redirect = places.choice({"rewrite", "redirect"}) == "redirect";
  return Value::array(
      {Value::object({{"type", "RequestHeaderModifier"}, {"requestHeaderModifier", Value::object({{"set", set}})}}),
       Value::object({{"type", "ResponseHeaderModifier"}, {"responseHeaderModifier", Value::object({{"add", add}})}}),
       Value::object({{"type", redirect ? "RequestRedirect" : "URLRewrite"},
                      {redirect ? "requestRedirect" : "urlRewrite", there}})});
}

Value route_from(std::string_view text) {
  const auto parsed = data::parse_json(text);
  Places places(text);
  Value spec = parsed && parsed->is_object() ? *parsed : Value();
  Value annotations = Value::object();
  if (spec.is_null()) {
    const Value match = match_of(places), filters = filters_of(places);
    const Value rule = Value::object({{"matches", Value::array({match})}, {"filters", filters}});
    spec = Value::object({{"hostnames", Value::array({places.next("web.shop")})}, {"rules", Value::array({rule})}});
    annotations.set(gateway::kStickyHeader, places.next("user"));
    annotations.set(gateway::kStickySalt, places.next("salt"));
  }
  spec.set("parentRefs", Value::array({named("g", "")}));
  return Value::object(
      {{"metadata", Value::object({{"namespace", "n"}, {"name", "r"}, {"annotations", annotations}})}, {"spec", spec}});
}

// --- its harmless twin ------------------------------------------------------------------------------------

// Puts words where texts were, and knows which text each word stands for.
class Twin {
 public:
  const std::map<std::string, std::string>& texts() const { return texts_; }

  gateway::Structure of(gateway::Structure structure) {
    for (gateway::Frontend& f : structure.frontends)
      for (gateway::Entry& e : f.entries) condition(e.condition);
    for (auto& [_, rule] : structure.rules) {
      for (gateway::HeaderChange& change : rule.changes) replace(change.value);
      if (rule.rewrite) there(rule.rewrite->hostname, rule.rewrite->path);
      if (rule.redirect) there(rule.redirect->hostname, rule.redirect->path);
      for (std::string& prefix : rule.prefixes) path(prefix);
    }
    return structure;
  }

 private:
  void condition(gateway::Condition& c) {
    replace(c.hostname, c.hostname.starts_with("*.") ? 2 : 0);
    c.match.path.kind == gateway::MatchKind::Regex ? replace(c.match.path.value) : path(c.match.path.value);
    for (auto* list : {&c.match.headers, &c.match.query})
      for (gateway::NamedMatch& m : *list) replace(m.value);
    replace(c.match.method);
  }
  void there(std::string& host, std::optional<gateway::PathChange>& change) {
    replace(host);
    if (change) path(change->value);
  }
  // The slashes at both ends mean something to the writer: they stay.
  void path(std::string& text) {
    const auto end = text.find_last_not_of('/');
    if (end == text.npos) return;
    std::string inner = text.substr(1, end);
    replace(inner);
    text = "/" + inner + text.substr(end + 1);
  }
  void replace(std::string& text, std::size_t from = 0) {
    if (text.size() == from) return;
    const std::string word = "TEXT" + std::to_string(texts_.size()) + "X";
    texts_[word] = text.substr(from);
    text.replace(from, text.npos, word);
  }

  std::map<std::string, std::string> texts_;
};

// --- reading as the proxy does ----------------------------------------------------------------------------

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  bool quoted = false, within = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    char c = line[i];
    SLIPWAY_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    if (c == ' ' && !quoted) {
      within = false;
      continue;
    }
    if (!within) words.emplace_back();
    within = true;
    if (c == '"') {
      quoted = !quoted;
      continue;
    }
    if (c == '\\' && quoted) {
      c = line[++i];  // the emitter escapes these and nothing else
      SLIPWAY_CHECK(c == '\\' || c == '"' || c == '$');
    } else {
      SLIPWAY_CHECK(c != '$' && (quoted || (c != '#' && c != '\'' && c != '\\')));
    }
    words.back() += c;
  }
  SLIPWAY_CHECK(!quoted && !words.empty() && words.size() <= kMostWords);
  return words;
}

std::vector<std::vector<std::string>> read_config(std::string_view config) {
  std::vector<std::vector<std::string>> lines;
  for (std::string_view line : base::split(config, '\n'))
    if (!line.empty()) lines.push_back(words_of(line));
  return lines;
}

enum class Coding { Plain, Format, Replacement, Regex };

Coding coding_at(const std::vector<std::string>& line, std::size_t word) {
  if (line[0] != "http-request" && line[0] != "http-response") return Coding::Plain;
  const std::string& what = line[1];
  if (what == "replace-path") return word == 2 ? Coding::Regex : word == 3 ? Coding::Replacement : Coding::Plain;
  if (what == "set-path") return Coding::Format;
  return (what == "set-header" || what == "add-header" || what == "redirect") && word == 3 ? Coding::Format
                                                                                           : Coding::Plain;
}

// The text that the proxy makes of a word.
std::string decoded(std::string_view word, Coding coding) {
  if (coding == Coding::Plain) return std::string(word);
  std::string out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (coding == Coding::Regex) {
      if (word[i] == '\\')
        SLIPWAY_CHECK(++i < word.size());
      else
        SLIPWAY_CHECK(std::string_view(".^$*+?()[]{}|").find(word[i]) == std::string_view::npos);
    } else {
      if (word[i] == '%') SLIPWAY_CHECK(++i < word.size() && word[i] == '%');
      SLIPWAY_CHECK(coding == Coding::Format || word[i] != '\\');  // "\1" brings what the expression caught
    }
    out += word[i];
  }
  return out;
}

void compare(std::string_view word, std::string_view harmless, Coding coding, const Twin& twin) {
  for (const auto& [mark, text] : twin.texts()) {
    const auto at = harmless.find(mark);
    if (at == harmless.npos) continue;
    const std::string_view before = harmless.substr(0, at), after = harmless.substr(at + mark.size());
    SLIPWAY_CHECK(word.size() >= before.size() + after.size() && word.starts_with(before) && word.ends_with(after));
    word = word.substr(before.size(), word.size() - before.size() - after.size());
    SLIPWAY_CHECK(decoded(word, coding) == text);
    return;
  }
  SLIPWAY_CHECK(word == harmless);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (text.find("TEXT") != text.npos) return 0;  // would be taken for one of the twin's words
  const auto route = gateway::parse_route(route_from(text));
  const auto desired = gateway::desire({route}, {}, {.gateway_binds = {"fd@3"}, .gateway_port = 80});
  if (route.problem) SLIPWAY_CHECK(desired.structure.rules.empty());
  Twin twin;
  const auto lines = read_config(gateway::write_config(desired.structure, {}, kPaths));
  const auto harmless = read_config(gateway::write_config(twin.of(desired.structure), {}, kPaths));
  SLIPWAY_CHECK(lines.size() == harmless.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    SLIPWAY_CHECK(lines[i].size() == harmless[i].size());
    if (lines[i][0] == "description") continue;  // names the whole
    for (std::size_t j = 0; j < lines[i].size(); ++j)
      compare(lines[i][j], harmless[i][j], coding_at(harmless[i], j), twin);
  }
  // Maps and the command socket are made of words.
  for (const auto& [id, target] : desired.targets) {
    gateway::socket_word(id);
    gateway::socket_word(target.salt);
  }
  return 0;
}
