-- Names of patients (0231) are written by the service from now on, in the transaction of the order: which letters are small ones of others, and
-- which words a name has, depends on the locale here. With "C" a name that is not written in Latin letters was not found, nor the words of one
-- that is in part.
drop trigger cases_patients_added on cases;
drop trigger cases_patients_changed on cases;
drop function remember_patients_of_new_cases();
drop function remember_patient_of_case();
drop function remember_patients(text[], text, text, date);
drop function patient_search_names(text);
