// Whatever a route says, the proxy's configuration keeps its shape: every line that comes from outside text is one of
// ours, and text stays inside its quotes. Input: a JSON document, taken as the spec of an HTTPRoute; anything else as
// the text of its strings.
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

#include "data/json.h"
#include "gateway/config.h"
#include "gateway/emitter.h"
#include "gateway/model.h"

using namespace slipway;

namespace {

const std::set<std::string_view> kFirstWords{"global",
                                             "defaults",
                                             "ring",
                                             "frontend",
                                             "backend",
                                             "master-worker",
                                             "nbthread",
                                             "description",
                                             "log",
                                             "hard-stop-after",
                                             "format",
                                             "maxlen",
                                             "size",
                                             "timeout",
                                             "server",
                                             "mode",
                                             "balance",
                                             "option",
                                             "retries",
                                             "retry-on",
                                             "log-format",
                                             "bind",
                                             "acl",
                                             "http-request",
                                             "http-response",
                                             "use_backend",
                                             "default_backend",
                                             "no"};

void require(bool good) {
  if (!good) std::abort();
}

void check_line(std::string_view line) {
  auto start = line.find_first_not_of(' ');
  require(start != std::string_view::npos);
  line.remove_prefix(start);
  require(kFirstWords.contains(line.substr(0, line.find(' '))));
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    auto c = static_cast<unsigned char>(line[i]);
    require(c >= 0x20 && c != 0x7f);
    if (c == '\\' && quoted)
      ++i;
    else if (c == '"')
      quoted = !quoted;
    else
      require(c != '$' && (quoted || (c != '#' && c != '\'' && c != '\\')));
  }
  require(!quoted);
}

data::Value route_from(std::string_view text) {
  auto parsed = data::parse_json(text);
  data::Value spec = parsed && parsed->is_object() ? *parsed : data::Value();
  if (spec.is_null()) {
    std::string s(text);
    using data::Value;
    Value match = Value::object({{"path", Value::object({{"type", "Exact"}, {"value", "/" + s}})},
                                 {"headers", Value::array({Value::object({{"name", "x"}, {"value", s}})})},
                                 {"queryParams", Value::array({Value::object({{"name", s}, {"value", s}})})},
                                 {"method", s}});
    Value set =
        Value::array({Value::object({{"name", s}, {"value", s}}), Value::object({{"name", "y"}, {"value", s}})});
    Value filter =
        Value::object({{"type", "RequestHeaderModifier"}, {"requestHeaderModifier", Value::object({{"set", set}})}});
    spec = Value::object(
        {{"rules",
          Value::array({Value::object({{"matches", Value::array({match})}, {"filters", Value::array({filter})}})})}});
  }
  spec.set("parentRefs", data::Value::array({data::Value::object({{"name", "g"}})}));
  data::Value route =
      data::Value::object({{"metadata", data::Value::object({{"namespace", "n"}, {"name", "r"}})}, {"spec", spec}});
  if (text.size() < 64)
    route.set({"metadata", "annotations"}, data::Value::object({{"slipway.dev/sticky-header", std::string(text)},
                                                                {"slipway.dev/sticky-salt", std::string(text)}}));
  return route;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  auto route = gateway::parse_route(route_from(text));
  auto desired = gateway::desire({route}, {}, {.gateway_binds = {"fd@3"}, .gateway_port = 80});
  std::string config =
      gateway::write_config(desired.structure, {}, {.weights = "/w", .slots = "/s", .salts = "/t", .log_socket = "/l"});
  std::string_view rest = config;
  while (!rest.empty()) {
    auto end = rest.find('\n');
    check_line(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  // Maps and the command socket are made of words.
  for (const auto& [id, target] : desired.targets) {
    gateway::socket_word(id);
    gateway::socket_word(target.salt);
  }
  return 0;
}
