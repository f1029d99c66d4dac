// What HTTP messages are made of (RFC 9110): plain values, shared by server and client.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace slipway::http {

// A body, or a piece of one. Shared: the same bytes go to a thousand watchers without a copy. Null means empty.
using Bytes = std::shared_ptr<const std::string>;
inline Bytes bytes_of(std::string text) { return std::make_shared<const std::string>(std::move(text)); }
inline std::string_view view_of(const Bytes& bytes) { return bytes ? std::string_view(*bytes) : std::string_view(); }

// Header fields in the order of sending; names compare without regard to case.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;
  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  std::string_view get(std::string_view name) const;  // the first of this name; empty when absent
  bool has(std::string_view name) const;
  // Does the comma-separated list in field `name` hold `token`? Without regard to case; parameters (";q=0.5") are
  // ignored.
  bool lists(std::string_view name, std::string_view token) const;
  void add(std::string name, std::string value);
  void set(std::string_view name, std::string value);  // replaces all of this name
  const std::vector<Field>& all() const { return fields_; }

 private:
  std::vector<Field> fields_;
};

// Who a verified client certificate says the client is. Kubernetes reads CN as the user and every O as a group.
struct Identity {
  std::string common_name;
  std::vector<std::string> organizations;
  bool operator==(const Identity&) const = default;
};

struct Peer {
  std::string address;  // "127.0.0.1:40312", "[::1]:5", or "unix"
  bool tls = false;
  std::optional<Identity> certificate;  // only when it was signed by our client CA and is valid now
};

struct Request {
  std::string method;  // "GET"
  std::string target;  // as sent: "/api/v1/pods?watch=1"
  Headers headers;
  std::string body;
  Peer peer;  // the server fills it
};

// A request target, decoded.
struct Target {
  std::string path;                                        // "%2F" decoded
  std::vector<std::pair<std::string, std::string>> query;  // in order, "+" and "%xx" decoded
  std::string_view param(std::string_view name) const;     // the first of this name; empty when absent
};
// BadRequest for a broken percent sign, a NUL, or a target that does not begin with "/".
base::Result<Target> parse_target(std::string_view target);
std::string percent_encode(std::string_view text);  // for one path segment or query value

std::string_view reason_phrase(int status);

}  // namespace slipway::http
