//! Waits for many futures at once, in one task.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// Returns the results of all futures, in order.
pub(super) async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, output) in futures.iter_mut().zip(&mut outputs).filter(|(_, output)| output.is_none()) {
            if let Poll::Ready(ready) = future.as_mut().poll(context) {
                *output = Some(ready);
            }
        }
        if outputs.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_futures_delay_no_other() {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let (sender, receiver) =
            (std::cell::RefCell::new(Some(sender)), std::cell::RefCell::new(Some(receiver)));
        let turn = async |number: u32| {
            if number == 0 {
                let receiver = receiver.borrow_mut().take().unwrap();
                receiver.await.unwrap()
            } else {
                sender.borrow_mut().take().unwrap().send(7).unwrap();
                number
            }
        };
        assert_eq!(join_all([0, 1].map(turn)).await, [7, 1]);
    }
}
