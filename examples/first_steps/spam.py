"""
Classify messages as spam
=========================

A tf-idf transformer makes sparse features of text. The neuron reads them without conversion. The
coefficients show the words that indicate spam.
"""

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from skneuron import NeuronClassifier
from skneuron.plotting import WeightDisplay

SPAM = """win a free prize now|claim your free cash bonus today|cheap pills no prescription
you have won a lottery claim now|free entry to win cash|urgent your account wins a bonus
limited offer buy cheap watches now|earn money fast from home|click here for a free gift
congratulations winner claim your prize|cheap loans approved today click now
buy now and get a free watch|hot offer cash prize click here|win money now no risk"""
HAM = """are we still on for lunch today|the meeting moved to three o'clock
please find the report attached|can you pick up the kids from school|thanks for your help
see you at the station at nine|the build is green again|happy birthday to you
could you review my draft today|your order of books has shipped|dinner at our place on friday
the train is late again|let us talk about the budget|notes from the meeting attached"""

texts, labels = [], []
for label, block in (("spam", SPAM), ("ham", HAM)):
    for text in block.replace("\n", "|").split("|"):
        texts.append(text)
        labels.append(label)

model = make_pipeline(TfidfVectorizer(), NeuronClassifier(C=10.0))
accuracy = cross_val_score(model, texts, labels, cv=4).mean()
model.fit(texts, labels)
words, neuron = model[0].get_feature_names_out(), model[-1]
print(f"{len(texts)} messages, {len(words)} words, accuracy of 4 folds {accuracy:.2f}")

order = neuron.coef_[0].argsort()
print("excitatory (spam):", ", ".join(words[order[-6:][::-1]]))
print("inhibitory (ham): ", ", ".join(words[order[:6]]))

for text in ("win a free watch today", "lunch with the team today"):
    probability = model.predict_proba([text])[0, 1]
    print(f"{probability:.2f}  {text}")

WeightDisplay.from_estimator(neuron, top=16, feature_names=words)
