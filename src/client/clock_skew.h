// How far this machine's clock is from the API server's, by the Date of its answers (RFC 9110, 6.6.1).
//
// What a release waits for is counted from times that other machines wrote (a pod has been ready since ...), so a wrong
// clock makes waits shorter or longer. Nothing is corrected: people are told. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace slipway::client {

// At least so much is this clock ahead of the server's (negative: behind); zero while the two can be the same. `date`
// counts whole seconds, and was written somewhere between `sent` and `received`. nullopt: `date` is no such text.
std::optional<base::Duration> skew_of(std::string_view date, base::Time sent, base::Time received);

// The sentence for people.
std::string skew_text(base::Duration skew);

// From here on it is told.
inline constexpr base::Duration kTellingSkew = base::seconds(5);

}  // namespace slipway::client
