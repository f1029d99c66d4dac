// Any bytes, cut anywhere, must give requests, a response, a refusal, or a wish for more; never more than the limits
// allow, and the same whatever the cuts.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "http/endpoint.h"
#include "http/request_reader.h"
#include "http/response_reader.h"

namespace {
using namespace slipway::http;

constexpr ReadLimits kLimits{.header_bytes = 2000, .body_bytes = 1000};

struct Seen {
  std::vector<std::string> messages;
  bool failed = false;
  bool operator==(const Seen&) const = default;
};

Seen read_requests(std::string_view bytes, std::size_t step) {
  Seen seen;
  RequestReader reader(kLimits);
  std::string input;
  while (!bytes.empty()) {
    const auto n = std::min(step, bytes.size());
    input += bytes.substr(0, n);
    bytes.remove_prefix(n);
    for (;;) {
      const auto complete = reader.feed(input);
      if (!complete) {
        seen.failed = true;
        return seen;
      }
      if (!*complete) break;
      const Request r = reader.take();
      SLIPWAY_CHECK(r.body.size() <= kLimits.body_bytes);
      SLIPWAY_CHECK(!r.method.empty() && !r.target.empty());
      std::string text = r.method + " " + r.target + "\n";
      for (const auto& [name, value] : r.headers.all()) {
        SLIPWAY_CHECK(name.find_first_of("\r\n") == name.npos && value.find_first_of("\r\n") == value.npos);
        text += name + ":" + value + "\n";
      }
      (void)parse_target(r.target);
      seen.messages.push_back(text + r.body);
    }
    SLIPWAY_CHECK(input.size() <= kLimits.header_bytes + kLimits.body_bytes + step + 4096);
  }
  return seen;
}

struct Answer {
  int status = 0;  // 0: none that is complete
  std::string body;
  bool operator==(const Answer&) const = default;
};

Answer read_response(std::string_view bytes, std::size_t step) {
  ResponseReader reader(kLimits.header_bytes, false);
  std::string input, body;
  while (!bytes.empty()) {
    const auto n = std::min(step, bytes.size());
    input += bytes.substr(0, n);
    bytes.remove_prefix(n);
    const auto complete = reader.feed(input, [&](std::string_view piece) { body += piece; });
    if (!complete) return {};
    if (!*complete) continue;
    SLIPWAY_CHECK(reader.has_head() && reader.head().status >= 200);
    return {reader.head().status, body};
  }
  const auto end = reader.finish();
  return end ? Answer{reader.head().status, body} : Answer{};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t step = data[0] + 1u;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const Seen whole = read_requests(bytes, bytes.size() + 1);
  const Seen cut = read_requests(bytes, step);
  // A refusal may come sooner or later, but never changes what came before it.
  if (!whole.failed && !cut.failed) SLIPWAY_CHECK(whole == cut);
  SLIPWAY_CHECK(read_response(bytes, bytes.size() + 1) == read_response(bytes, step));
  (void)parse_url(bytes);
  return 0;
}
