//! `export!`: from a type to a component.

/// The state of a component's one instance: a role's `Instance`, kept between calls.
///
/// Implemented by [`export!`](crate::export), never by hand.
#[doc(hidden)]
pub trait Held: Sized {
    type Instance;

    fn with<R>(run: impl FnOnce(&mut Self::Instance) -> R) -> R;
}

/// Carries the generated `Guest` trait of a role for a plugin's type.
#[doc(hidden)]
pub struct Exported<T>(std::marker::PhantomData<T>);

/// Makes `Type` the plugin of this crate: `refrain_sdk::export!(transform, Type);`
///
/// Roles: `transform`, `trainer`, `predictor`, `evaluator`, `drift`, `trigger`. Only on wasm32 does
/// it make anything, so the same crate is a native library with native tests.
#[macro_export]
macro_rules! export {
    ($role:ident, $plugin:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            impl $crate::__private::Held for $plugin {
                type Instance = $crate::$role::Instance<$plugin>;

                fn with<R>(run: impl FnOnce(&mut Self::Instance) -> R) -> R {
                    ::std::thread_local! {
                        static HELD: ::std::cell::RefCell<$crate::$role::Instance<$plugin>> =
                            ::std::default::Default::default();
                    }
                    HELD.with_borrow_mut(run)
                }
            }

            type Exported = $crate::__private::Exported<$plugin>;
    $crate::bindings::$role::export!(Exported with_types_in $crate::bindings::$role);
        };
    };
}
