//! Closed lists whose members are kept and sent as text.

/// Declares an enum whose variants each have a text, their *key*: what the database, query strings and
/// the API hold. `ALL` has every variant in the order written, so no list can leave one out.
#[macro_export]
macro_rules! closed_list {
    (
        $(#[$about:meta])*
        $vis:vis enum $name:ident {
            $($(#[$variant_about:meta])* $variant:ident = $key:literal,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name {
            $($(#[$variant_about])* $variant,)+
        }

        impl $name {
            /// Every variant.
            #[allow(dead_code, reason = "some lists are only read by their keys")]
            $vis const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The text that stands for it.
            $vis const fn key(self) -> &'static str {
                match self {
                    $($name::$variant => $key,)+
                }
            }

            /// The variant that this text stands for.
            #[allow(dead_code, reason = "some lists are only written")]
            $vis fn from_key(key: &str) -> Option<$name> {
                match key {
                    $($key => Some($name::$variant),)+
                    _ => None,
                }
            }
        }
    };
}
