// Port metrics/web: a value from any HTTP address that a template names.
//
//   {"url", "method"?: "GET"|"POST", "headers"?: [{"name", "value" | "secretKey"}], "body"?, "jsonPath"?,
//    "samplesPath"?, "timeout"?: "10s", "statusOnly"?: true, "secret"?: {"namespace", "name"}}
//     -> {"value": any | null, "samples"?: n}
//
// The value is what `jsonPath` (api/jsonpath.h) finds in the answer: one thing, or a list when the path has wildcards
// or filters; such a path that finds nothing is no data (null). Without `jsonPath` it is the whole answer: JSON, or
// else its text. `samplesPath` leads to the number of events that the value rests on. With `statusOnly` the value is
// the status of the answer, whatever it is.
//
// `secret` is a Secret that is read each time: username and password, or token; ca.crt; and any keys that
// headers[].secretKey names. It is sent over TLS only. Every address goes through the egress policy (http/egress.h) as
// it is resolved. Redirects are not followed: who answers there could be anybody.
// Errors name the address without its query: Invalid (the question, the path, an answer that does not fit),
// Unavailable (no answer, or a status other than 2xx), Timeout, TooLarge, Forbidden. Control loop only.
#pragma once

#include <memory>
#include <string>

#include "client/api_client.h"
#include "control/ports.h"
#include "gateway/metric_secret.h"
#include "http/message.h"
#include "runtime/real/loop.h"

namespace slipway::gateway {

inline constexpr std::size_t kMostWebAnswer = 1u << 20;  // bytes

struct WebQueryOptions {
  bool allow_loopback = false;           // may addresses lead to this machine?
  client::ApiClient* secrets = nullptr;  // null: questions with a Secret are refused
};

class WebQuery final : public control::Port {
 public:
  WebQuery(runtime::real::Loop& loop, WebQueryOptions options);
  ~WebQuery() override;
  void perform(const std::string& id, const data::Value& what, Done done) override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

// The parts that need no socket.

// For people and logs: without user, password, query and fragment.
std::string shown_url(std::string_view url);
// The header fields of a question. `secret` is null when it names none. Invalid: a name or value that is none, a key
// that the Secret lacks.
base::Result<http::Headers> web_headers(const data::Value& question, const data::Value& secret);
// The answer of the port to what a server said.
base::Result<data::Value> read_web_answer(const data::Value& question, int status, std::string_view body);

}  // namespace slipway::gateway
