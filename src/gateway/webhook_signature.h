// Signatures of webhooks: a receiver that knows the key knows that a request is ours, unchanged and not old.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md ("Signature scheme", v1)
#pragma once

#include <string>
#include <string_view>

namespace slipway::gateway {

// The header webhook-signature: "v1,BASE64" of HMAC-SHA256 over "id.timestamp.body". A key "whsec_..." is base64, as
// the standard's libraries make it; any other is taken as its bytes are. Empty for "whsec_" with something else than
// base64.
std::string webhook_signature(std::string_view key, std::string_view id, std::string_view timestamp,
                              std::string_view body);

}  // namespace slipway::gateway
